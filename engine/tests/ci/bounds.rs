//! How long the file of an event may be: at the limit, one above, ten times above.

use std::fs;

use tidegate::model::limits;

use super::Job;

#[test]
fn events_are_read_up_to_the_limit() {
    let job = Job::new();
    job.check_out("feature");
    let most = limits::EVENT.most;
    for (length, refused) in [(most, false), (most + 1, true), (10 * most, true)] {
        let step = job.step("pull_request", &job.pull_request());
        let path = job.runner_file("event.json");
        let mut text = fs::read(&path).unwrap();
        text.resize(length, b' ');
        fs::write(&path, text).unwrap();
        match refused {
            true => job.run(step).ends(3, "error", "ci.event"),
            false => job
                .run(step)
                .ends(1, "fail", "resources.missing-memory-limit"),
        }
    }
}
