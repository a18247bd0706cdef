//! Lists the playbook and template files, so that adding one is adding a file.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

#[expect(clippy::disallowed_methods, reason = "Cargo talks to build scripts by environment variables")]
fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(io::Error::other)
}

fn main() -> io::Result<()> {
    let root = variable("CARGO_MANIFEST_DIR")?;
    let out = variable("OUT_DIR")?;
    let mut code = String::new();
    for (folder, constant) in [("playbooks", "PLAYBOOK_FILES"), ("templates", "TEMPLATE_FILES")] {
        let folder = Path::new(&root).join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut files: Vec<_> = fs::read_dir(&folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        let _ = writeln!(
            code,
            "/// Name and text of every file in the folder.\nconst {constant}: &[(&str, &str)] = &["
        );
        for path in files {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let _ = writeln!(code, "    ({stem:?}, include_str!({:?})),", path.display().to_string());
        }
        code.push_str("];\n");
    }
    fs::write(Path::new(&out).join("library.rs"), code)
}
