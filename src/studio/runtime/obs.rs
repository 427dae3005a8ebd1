//! The server for controllers in this studio: started where the scene file wants it, and told of when it cannot be had. The show
//! goes on without.

use tokio::net::TcpListener;

use super::reporters::{Inputs, post};
use crate::control::desk::Desk;
use crate::obs::{self, ObsSettings, Report};
use crate::studio::model::EventLevel;
use crate::studio::update::{Input, ObsNews};

/// What its events are about.
const NAME: &str = "obs";

/// Serves controllers until the show ends.
pub async fn serve(settings: ObsSettings, desk: Desk, inputs: Inputs) {
    let wanted = settings.listen;
    let bound = TcpListener::bind(wanted).await;
    let bound = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (address, listener) = match bound {
        Ok(bound) => bound,
        Err(error) => {
            let reason = format!("no controllers: {wanted}: {error}; [obs] listen takes another address");
            return post(&inputs, Input::Obs(ObsNews::Failed(reason)));
        }
    };
    post(&inputs, Input::Obs(ObsNews::Listens(format!("ws://{address}"))));
    let report = move |report| {
        let input = match report {
            Report::Controllers(count) => Input::Obs(ObsNews::Controllers(count)),
            Report::Event { is_warning, text } => {
                let level = if is_warning {
                    EventLevel::Warning
                } else {
                    EventLevel::Info
                };
                Input::Event(level, NAME.to_owned(), text)
            }
        };
        post(&inputs, input);
    };
    obs::serve(listener, settings, desk, report).await;
}
