//! What went wrong with the studio that was asked: in words, and as an exit code.

use std::path::Path;

use serde_json::json;

use super::{Address, complain, exit, say};
use crate::control::client::ClientError;
use crate::control::protocol::RpcError;

/// Says why it did not work out with the studio at `path`, and gives the exit code.
pub(super) fn failed(address: &Address, path: &Path, error: &ClientError) -> u8 {
    match error {
        ClientError::Rpc(error) => {
            complain(&error.message);
            say(&json!({ "ok": false, "error": error.message }).to_string());
            if error.code == RpcError::PARAMS {
                exit::USAGE
            } else {
                exit::REFUSED
            }
        }
        ClientError::NoStudio { .. } => {
            complain(&format!("{error}{}", address.start_hint("rigcast studio")));
            exit::NO_STUDIO
        }
        ClientError::Ended(_) => {
            complain(&error.to_string());
            exit::NO_STUDIO
        }
        ClientError::Lost(_) => {
            complain(&format!("{}: {error}", path.display()));
            exit::LOST
        }
    }
}
