//! ReplayService.

kit::replay_service!(proto::training::v1);
