//! What the core task has to do with scenes that are saved: the show that it keeps is then the one that stands in the files.

use super::super::scene_saving::{Saved, Saving};
use super::Core;
use crate::control::desk::Reply;
use crate::studio::command::Answer;
use crate::studio::update::Input;

impl Core {
    /// Has what was changed by hand written into its files.
    pub(super) fn save_scenes(&self, wanted: Option<&str>, reply: Reply) {
        let mut read = self.read.clone();
        if let Some(base) = &self.sourcing.base {
            // What is not saved of sources is not saved with a scene.
            read.script.clone_from(base);
        }
        match Saving::new(&self.studio, &read, wanted) {
            Ok(Some(saving)) => self.errands.save_scenes(saving, reply),
            Ok(None) => reply.send(Ok(Answer::text(
                "nothing there was changed by hand: the file says it all",
            ))),
            Err(error) => reply.send(Err(error)),
        }
    }

    /// Takes over what was written: from now on it is what the show was read from, here and in the state file.
    pub(super) fn scenes_saved(&mut self, saved: Saved, reply: Reply) {
        for read in &saved.read {
            let scene = self.read.scenes.iter_mut().find(|scene| scene.name == read.name);
            if let (Some(scene), Some(now)) = (scene, saved.show.scene(&read.name)) {
                scene.clone_from(now);
            }
        }
        let files: Vec<String> = saved.texts.keys().map(|path| path.display().to_string()).collect();
        self.texts_saved(saved.texts);
        self.keep_script();
        let text = format!("saved scene {} in {}", saved.scenes.join(", "), files.join(", "));
        let answer = Answer::text(text)
            .with("scenes", saved.scenes.clone())
            .with("files", files);
        self.obey(Input::ScenesSaved(saved.scenes, saved.read), answer, reply);
    }
}
