//! The pictures of the README, made from the buffers of real screens. A stale one fails; to make them anew:
//!
//! ```sh
//! UPDATE_PICTURES=1 cargo test --test pictures
//! ```

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

#[path = "pictures/play.rs"]
mod play;
#[path = "pictures/svg.rs"]
mod svg;

use play::Play;
use support::picture::{assert_picture, svg};

#[tokio::test(flavor = "multi_thread")]
async fn the_pictures_of_the_readme_are_fresh() {
    let mut play = Play::begin().await;
    play.keys("<enter>").await;
    play.sign_in().await;
    play.rest().await;
    assert_picture("feed", &svg(&play.frame(100, 26), "az-cargo-wizard: the Feed step"));

    play.keys("<enter><enter><enter><enter>").await;
    play.half_a_fetch();
    assert_picture("restore", &svg(&play.frame(100, 26), "az-cargo-wizard: the Restore step"));
}
