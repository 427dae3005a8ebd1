//! What the items of a list are called that say no name themselves.

use super::splice::Spot;

/// What the items of a list are called, in the order of the text: as the checker names them.
pub(super) fn listed_names(listed: &[Spot<'_>]) -> Vec<String> {
    let given: Vec<Option<&str>> = listed.iter().map(|spot| spot.text("name")).collect();
    let mut taken: Vec<String> = given.iter().flatten().map(|name| (*name).to_owned()).collect();
    let mut names = Vec::new();
    for (spot, given) in listed.iter().zip(given) {
        if let Some(name) = given {
            names.push(name.to_owned());
            continue;
        }
        let shown = spot.text("source").or_else(|| spot.text("scene"));
        let kind = || {
            ["group", "text", "image", "color"]
                .into_iter()
                .find(|kind| spot.has(kind))
        };
        let base = shown.or_else(kind).unwrap_or_default().to_owned();
        // Room for the number in the longest names.
        let stem: String = base.chars().take(28).collect();
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        let free = std::iter::once(base).chain(numbered).find(|name| !taken.contains(name));
        let name = free.unwrap_or_default();
        taken.push(name.clone());
        names.push(name);
    }
    names
}
