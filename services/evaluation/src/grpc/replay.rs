//! ReplayService.

kit::replay_service!(proto::evaluation::v1);
