use super::*;

fn load(args: &[&str], environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let args = std::iter::once("incamera-server").chain(args.iter().copied()).map(OsString::from);
    Config::load(args, environment.iter().map(|(k, v)| (k.to_string(), v.to_string())))
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn error(args: &[&str], environment: &[(&str, &str)]) -> String {
    load(args, environment).unwrap_err().to_string()
}

#[test]
fn flags_win_over_environment_and_environment_over_file() {
    let file = file("listen = '127.0.0.1:1'\ndata-dir = 'a'\nlog-format = 'json'");
    let path = file.path().to_str().unwrap();
    let environment = [("INCAMERA_LISTEN", "127.0.0.1:2"), ("INCAMERA_DATA_DIR", "b")];
    let config = load(&["--config", path, "--listen", "127.0.0.1:3"], &environment).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.data_dir, PathBuf::from("b"));
    assert_eq!(config.log_format, LogFormat::Json);
}

#[test]
fn the_file_may_be_named_by_the_environment() {
    let file = file("listen = '127.0.0.1:1'");
    let config = load(&[], &[("INCAMERA_CONFIG", file.path().to_str().unwrap())]).unwrap();
    assert_eq!(config.listen.port(), 1);
}

#[test]
fn a_bad_value_names_key_source_and_what_is_expected() {
    let message = error(&[], &[("INCAMERA_LISTEN", "8080")]);
    assert!(message.contains("listen (environment variable INCAMERA_LISTEN)"), "{message}");
    assert!(message.contains("address and port"), "{message}");
    let message = error(&["--tls", "maybe"], &[]);
    assert!(message.contains("tls (flag --tls): expected off, self-signed"), "{message}");
}

#[test]
fn an_unknown_key_is_refused_in_every_layer() {
    let file = file("lisen = '127.0.0.1:1'");
    let path = file.path().to_str().unwrap().to_owned();
    let message = error(&["--config", &path], &[]);
    assert!(message.contains("lisen (in ") && message.contains(&path), "{message}");
    let message = error(&[], &[("INCAMERA_LISEN", "x")]);
    assert!(message.contains("lisen (environment variable INCAMERA_LISEN)"), "{message}");
    assert!(error(&["--lisen", "x"], &[]).contains("--lisen"));
}

#[test]
fn a_table_where_a_value_belongs_is_refused_by_name() {
    let file = file("[listen]\nport = 1");
    let message = error(&["--config", file.path().to_str().unwrap()], &[]);
    assert!(message.contains("listen (in "), "{message}");
}

#[test]
fn broken_toml_and_a_missing_file_name_the_file() {
    let file = file("listen = ");
    let path = file.path().to_str().unwrap();
    assert!(error(&["--config", path], &[]).contains(path));
    assert!(error(&["--config", "/nowhere/x.toml"], &[]).contains("/nowhere/x.toml"));
}

#[test]
fn tls_from_files_needs_both_files() {
    let message = error(&["--tls", "files", "--tls-certificate", "c.pem"], &[]);
    assert!(message.contains("tls-key"), "{message}");
    assert!(error(&["--tls", "acme"], &[]).contains("acme-domains"));
}

#[test]
fn lists_come_as_arrays_commas_or_repeated_flags() {
    let wanted: Vec<IpAddr> = vec!["10.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
    let file = file("media-addresses = ['10.0.0.1', '::1']");
    for config in [
        load(&["--config", file.path().to_str().unwrap()], &[]),
        load(&[], &[("INCAMERA_MEDIA_ADDRESSES", "10.0.0.1, ::1")]),
        load(&["--media-addresses", "10.0.0.1", "--media-addresses", "::1"], &[]),
    ] {
        assert_eq!(config.unwrap().media_addresses, wanted);
    }
}

#[test]
fn an_origin_with_a_path_is_refused() {
    assert!(load(&["--public-origins", "https://a.example/x"], &[]).is_err());
    let config = load(&["--public-origins", "https://A.example/"], &[]).unwrap();
    assert_eq!(config.public_origins, ["https://a.example"]);
}

#[test]
fn zero_is_no_limit_anyone_can_mean() {
    for key in KEYS.iter().filter(|key| key.name.starts_with("limit-")) {
        let message = error(&[&format!("--{}", key.name), "0"], &[]);
        assert!(message.contains(key.name), "{message}");
    }
}

#[test]
fn variables_of_scripts_and_test_runs_are_left_alone() {
    assert!(
        load(&[], &[("INCAMERA_VECTORS", "somewhere"), ("INCAMERA_DEMO_PORT", "1"), ("HOME", "x")])
            .is_ok()
    );
}

#[test]
fn a_policy_comes_from_every_layer_and_a_later_list_replaces_an_earlier() {
    let file = file(
        "pin = ['share=off', 'join-muted=on']\nforbid = ['chat']\npolicy-reason = ' House rules '",
    );
    let path = file.path().to_str().unwrap();
    let policy = load(&["--config", path], &[]).unwrap().policy;
    assert_eq!(policy.fixed.pins().collect::<Vec<_>>(), ["join-muted=on", "share=off"]);
    assert_eq!(policy.fixed.forbidden_names().collect::<Vec<_>>(), ["chat"]);
    assert_eq!(policy.reason, "House rules");
    let environment = [("INCAMERA_PIN", "unmute=on,rename=off")];
    let policy = load(&["--config", path, "--forbid", "video"], &environment).unwrap().policy;
    assert_eq!(policy.fixed.pins().collect::<Vec<_>>(), ["unmute=on", "rename=off"]);
    assert_eq!(policy.fixed.forbidden_names().collect::<Vec<_>>(), ["video"]);
}

#[test]
fn a_pin_that_cannot_be_is_refused_with_key_source_and_what_is_expected() {
    for (pin, key) in [("share", "pin"), ("waiting-room=off", "pin"), ("lock=on", "pin")] {
        let message = error(&["--pin", pin], &[]);
        assert!(
            message.contains("pin (flag --pin): expected switches such as share=off"),
            "{message}"
        );
        assert!(message.contains(pin) && message.starts_with(key), "{message}");
    }
    let message = error(&[], &[("INCAMERA_PIN", "share=on,share=off")]);
    assert!(message.contains("environment variable INCAMERA_PIN"), "{message}");
    let message = error(&["--forbid", "screens"], &[]);
    assert!(message.contains("forbid (flag --forbid): expected screen-share, video"), "{message}");
    let message = error(&["--policy-reason", &"x".repeat(301)], &[]);
    assert!(
        message.contains("policy-reason (flag --policy-reason): expected one line"),
        "{message}"
    );
    assert!(error(&["--policy-reason", "a\nb"], &[]).contains("one line"));
}

#[test]
fn what_is_forbidden_and_pinned_on_is_a_contradiction_across_layers() {
    let file = file("pin = ['chat=on']");
    let path = file.path().to_str().unwrap();
    let message = error(&["--config", path], &[("INCAMERA_FORBID", "chat")]);
    assert!(message.contains("pin and forbid contradict each other: chat"), "{message}");
}
