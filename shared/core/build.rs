//! Lists the playbook and template files, so that adding one is adding a file, and writes each as JSON beside its text: a
//! function reads JSON anyway, and need not carry a reader of TOML.

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
    for (folder, constant) in [("playbooks", "PLAYBOOK"), ("templates", "TEMPLATE"), ("answers", "ANSWER")] {
        let folder = Path::new(&root).join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut files: Vec<_> = fs::read_dir(&folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        let (mut texts, mut read) = (String::new(), String::new());
        for path in files {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let value: serde_json::Value = toml::from_str(&fs::read_to_string(&path)?)
                .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
            let _ = writeln!(texts, "    ({stem:?}, include_str!({:?})),", path.display().to_string());
            let _ = writeln!(read, "    ({stem:?}, {:?}),", value.to_string());
        }
        let _ = write!(
            code,
            "/// Name and text of every file in the folder.\nconst {constant}_FILES: &[(&str, &str)] = &[\n{texts}];\n\
             /// The same as JSON.\nconst {constant}_JSON: &[(&str, &str)] = &[\n{read}];\n"
        );
    }
    fs::write(Path::new(&out).join("library.rs"), code)
}
