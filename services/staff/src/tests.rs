//! The service as its callers meet it: real gRPC, real Postgres, real NATS.
