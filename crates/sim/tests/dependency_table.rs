//! The table of ARCHITECTURE.md, enforced: which crate may use which. The first row of reasons is
//! that the server cannot decrypt because it cannot link to decryption.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Crate → crates of this workspace it may depend on (normal and build dependencies).
const MAY_USE: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("wire", &["base"]),
    ("meeting", &["base"]),
    ("sfu", &["base"]),
    ("e2ee", &["base"]),
    ("client", &["base", "wire", "e2ee"]),
    ("store", &["base"]),
    ("store-sqlite", &["base", "store"]),
    ("server", &["base", "wire", "meeting", "sfu", "store", "store-sqlite"]),
    ("wasm", &["base", "client", "e2ee"]),
    ("cli", &["base", "wire", "client", "e2ee"]),
    ("sim", &["base", "wire", "meeting", "sfu", "e2ee", "client", "store", "store-sqlite"]),
];

/// Crates that must not reach these packages even through others.
const NEVER_REACHES: &[(&str, &[&str])] = &[
    ("server", &["incamera-e2ee", "incamera-client", "openmls", "sframe", "mls-rs"]),
    ("sfu", &["incamera-e2ee", "incamera-client", "openmls", "tokio"]),
    ("meeting", &["incamera-e2ee", "incamera-client", "openmls", "serde_json", "str0m", "tokio"]),
    ("store-sqlite", &["incamera-e2ee", "incamera-client", "incamera-meeting", "openmls"]),
    ("e2ee", &["incamera-wire", "serde_json", "tokio", "sqlx"]),
    ("client", &["tokio", "str0m", "web-sys"]),
];

#[test]
fn crates_use_only_what_the_table_allows() {
    let metadata = metadata();
    for (name, dependencies) in workspace_dependencies(&metadata) {
        let allowed = MAY_USE
            .iter()
            .find(|(crate_name, _)| *crate_name == name)
            .unwrap_or_else(|| panic!("crate {name} is missing from the dependency table"))
            .1;
        for dependency in dependencies {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn the_server_cannot_link_to_decryption() {
    let metadata = metadata();
    let graph = normal_graph(&metadata);
    for (name, forbidden) in NEVER_REACHES {
        let reached = reachable(&graph, &format!("incamera-{name}"));
        for package in *forbidden {
            assert!(!reached.contains(*package), "{name} reaches {package}");
        }
    }
}

fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

fn workspace_dependencies(metadata: &serde_json::Value) -> BTreeMap<String, BTreeSet<String>> {
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .filter_map(|package| {
            let name = package["name"].as_str()?.strip_prefix("incamera-")?.to_owned();
            let dependencies =
                package["dependencies"].as_array()?.iter().filter(|d| d["kind"] != "dev");
            let internal = dependencies
                .filter_map(|d| Some(d["name"].as_str()?.strip_prefix("incamera-")?.to_owned()));
            Some((name, internal.collect()))
        })
        .collect()
}

/// Package name → names of its normal and build dependencies, over the resolved graph.
fn normal_graph(metadata: &serde_json::Value) -> BTreeMap<String, BTreeSet<String>> {
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .filter_map(|p| Some((p["id"].as_str()?, p["name"].as_str()?)))
        .collect();
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().expect("resolve nodes") {
        let from = names[node["id"].as_str().expect("node id")];
        let edges = graph.entry(from.to_owned()).or_default();
        for dependency in node["deps"].as_array().expect("deps") {
            let kinds = dependency["dep_kinds"].as_array().expect("dep_kinds");
            if kinds.iter().any(|kind| kind["kind"] != "dev") {
                edges.insert(names[dependency["pkg"].as_str().expect("pkg")].to_owned());
            }
        }
    }
    graph
}

fn reachable(graph: &BTreeMap<String, BTreeSet<String>>, start: &str) -> BTreeSet<String> {
    assert!(graph.contains_key(start), "no package {start} in the graph");
    let mut seen = BTreeSet::new();
    let mut next = vec![start.to_owned()];
    while let Some(name) = next.pop() {
        for dependency in graph.get(&name).into_iter().flatten() {
            if seen.insert(dependency.clone()) {
                next.push(dependency.clone());
            }
        }
    }
    seen
}
