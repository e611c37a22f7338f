//! Key files that are none: nobody waits for them.

use std::os::unix::fs::symlink;
use std::path::Path;

use tidegate::attest::read_private;
use tidegate::model::code_of;

use super::world::World;

#[test]
fn a_pipe_a_device_and_a_link_are_no_key_files() {
    let world = World::new();
    let key = world.key_file();
    let pipe = world.repo.beside("pipe.pem");
    let made = world.repo.command("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let link = world.repo.beside("link.pem");
    symlink(&key, &link).unwrap();
    for path in [
        &*pipe,
        &link,
        Path::new("/dev/null"),
        Path::new("/dev/zero"),
        Path::new("/dev/stdin"),
        Path::new("/proc/self/fd/0"),
        world.repo.path(),
    ] {
        let error = read_private(path).err().unwrap();
        assert_eq!(code_of(&error), "key.not-a-file", "{}", path.display());
    }
    assert!(read_private(Path::new(&key)).is_ok());
}
