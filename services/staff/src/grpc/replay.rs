//! ReplayService.

kit::replay_service!(proto::staff::v1);
