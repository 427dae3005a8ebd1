//! Which scene the page of items is about, and which of its items keys act on.
//!
//! Both are remembered by name: items change places while they are moved, and a key must go on with the one that was chosen. Without
//! a choice it is the scene on preview, where work does no harm, and the item on top.

use super::{UiState, step};
use crate::studio::command::{Page, Step};
use crate::studio::model::{Item, SceneModel, Shown, Studio, item_at};

/// What was chosen on the page of items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemsView {
    scene: Option<String>,
    item: Option<String>,
}

/// A row of the list of items.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemRow<'a> {
    /// The way to it, as commands have it.
    pub path: String,
    /// How deep in groups it is.
    pub depth: u16,
    /// The item.
    pub item: &'a Item,
}

/// The items of a scene, the highest first, each group before what is in it.
#[must_use]
pub fn item_rows(scene: &SceneModel) -> Vec<ItemRow<'_>> {
    fn collect<'a>(around: &str, depth: u16, items: &'a [Item], rows: &mut Vec<ItemRow<'a>>) {
        for item in items.iter().rev() {
            let path = if around.is_empty() {
                item.name.clone()
            } else {
                format!("{around}/{}", item.name)
            };
            rows.push(ItemRow {
                path: path.clone(),
                depth,
                item,
            });
            if let Shown::Group(items) = &item.what {
                collect(&path, depth + 1, items, rows);
            }
        }
    }
    let mut rows = Vec::new();
    collect("", 0, &scene.items, &mut rows);
    rows
}

impl UiState {
    /// The scene of the page of items.
    #[must_use]
    pub fn items_scene<'a>(&self, studio: &'a Studio) -> Option<&'a SceneModel> {
        let chosen = self.items.scene.as_deref().and_then(|name| studio.scene(name));
        chosen.or_else(|| studio.scene(&studio.preview))
    }

    /// The item that keys act on: the way to it.
    #[must_use]
    pub fn item(&self, studio: &Studio) -> Option<String> {
        let scene = self.items_scene(studio)?;
        let chosen = self.items.item.as_ref();
        let chosen = chosen.filter(|path| item_at(&scene.items, path).is_some());
        chosen
            .cloned()
            .or_else(|| item_rows(scene).first().map(|row| row.path.clone()))
    }

    /// The scene that keys and prompts mean: on the page of items that of the page.
    pub(super) fn scene_of_page(&self, studio: &Studio) -> String {
        let of_page = self.items_scene(studio).filter(|_| self.page == Some(Page::Items));
        of_page.map_or_else(|| studio.preview.clone(), |scene| scene.name.clone())
    }

    /// Goes down the list, or up, round the end.
    pub(super) fn step_item(&mut self, studio: &Studio, by: Step) {
        let Some(scene) = self.items_scene(studio) else { return };
        let rows = item_rows(scene);
        let here = self.item(studio);
        let at = rows.iter().position(|row| Some(&row.path) == here.as_ref());
        let to = step(at.unwrap_or(0), rows.len(), by);
        self.items.item = rows.get(to).map(|row| row.path.clone());
    }

    /// Goes to the next scene, or back, round the end.
    pub(super) fn step_items_scene(&mut self, studio: &Studio, by: Step) {
        let here = self.items_scene(studio).map(|scene| scene.name.as_str());
        let at = studio.scenes.iter().position(|scene| Some(scene.name.as_str()) == here);
        let to = step(at.unwrap_or(0), studio.scenes.len(), by);
        self.items.scene = studio.scenes.get(to).map(|scene| scene.name.clone());
        self.items.item = None;
    }
}
