//! ReplayService.

kit::replay_service!(proto::complaints::v1);
