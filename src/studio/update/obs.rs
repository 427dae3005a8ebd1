//! What the update makes of controllers that come and go.

use super::Unit;
use crate::studio::model::{EventLevel, ObsModel};

/// What happens to the server for controllers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObsNews {
    /// It is reached there.
    Listens(String),
    /// It cannot be had, for that reason.
    Failed(String),
    /// So many controllers are connected and known.
    Controllers(usize),
}

/// What its events are about.
const OBS: &str = "obs";

impl Unit<'_> {
    pub(super) fn obs(&mut self, news: ObsNews) {
        let obs = self.studio.obs.get_or_insert_with(ObsModel::default);
        match news {
            ObsNews::Controllers(count) => obs.controllers = count,
            ObsNews::Listens(url) => {
                obs.url.clone_from(&url);
                obs.failure = None;
                self.event(EventLevel::Info, OBS, format!("controllers are served at {url}"));
            }
            ObsNews::Failed(reason) => {
                obs.url = String::new();
                obs.failure = Some(reason.clone());
                self.event(EventLevel::Error, OBS, reason);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Input, update};
    use super::*;
    use crate::media::Timestamp;
    use crate::scene::demo;
    use crate::studio::opening;

    #[test]
    fn what_is_told_is_in_the_model() {
        let mut studio = opening::studio("test", &demo(&[], &|_| None).unwrap());
        assert_eq!(studio.obs, None);
        for (news, told) in [
            (ObsNews::Failed("127.0.0.1:4455: it is taken".into()), 1),
            (ObsNews::Listens("ws://127.0.0.1:4455".into()), 1),
            (ObsNews::Controllers(2), 0),
        ] {
            let effects = update(&mut studio, Input::Obs(news), Timestamp::ZERO).unwrap();
            assert_eq!(effects.len(), told);
        }
        let obs = studio.obs.unwrap();
        assert_eq!(
            (obs.url.as_str(), obs.failure, obs.controllers),
            ("ws://127.0.0.1:4455", None, 2)
        );
    }
}
