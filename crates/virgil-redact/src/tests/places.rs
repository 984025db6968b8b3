//! The places where secrets stand, one table of texts for each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::redact;

fn check(cases: &[(&str, &str)]) {
    check_file(None, cases);
}

fn check_file(path: Option<&str>, cases: &[(&str, &str)]) {
    for (text, expect) in cases {
        assert_eq!(redact(text, path).text, *expect, "{text}");
    }
}

#[test]
fn private_keys() {
    const BODY: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n";
    let block = |label: &str| format!("-----BEGIN {label}-----\n{BODY}-----END {label}-----");
    for label in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        assert_eq!(
            redact(&block(label), None).text,
            "REDACTED_private_key\n\n\n"
        );
    }
    let json = format!(
        "{{\"private_key\": \"{}\\n\", \"a\": 1}}",
        block("PRIVATE KEY").replace('\n', "\\n")
    );
    assert_eq!(
        redact(&json, None).text,
        "{\"private_key\": \"REDACTED_private_key\\n\", \"a\": 1}"
    );
    let yaml = format!(
        "tls:\n  key: |\n    {}\n  a: 1\n",
        block("EC PRIVATE KEY").replace('\n', "\n    ")
    );
    assert_eq!(
        redact(&yaml, None).text,
        "tls:\n  key: |\n    REDACTED_private_key\n\n\n\n  a: 1\n"
    );
    let truncated = format!("-----BEGIN RSA PRIVATE KEY-----\n{BODY}and so on");
    assert_eq!(
        redact(&truncated, None).text,
        "REDACTED_private_key\n\n\nand so on"
    );
    for label in ["CERTIFICATE", "PUBLIC KEY"] {
        assert_eq!(redact(&block(label), None).text, block(label));
    }
}

#[test]
fn passwords_in_addresses() {
    check(&[
        (
            "postgres://app:hunter2@db:5432/x",
            "postgres://app:REDACTED_url_password@db:5432/x",
        ),
        (
            "mongodb+srv://u:S3cr3t!@c.mongodb.net",
            "mongodb+srv://u:REDACTED_url_password@c.mongodb.net",
        ),
        (
            "redis://:p4ss@cache/0",
            "redis://:REDACTED_url_password@cache/0",
        ),
        (
            "amqp://a:b%40c9@mq1,mq2",
            "amqp://a:REDACTED_url_password@mq1,mq2",
        ),
        (
            "https://bot:9xk2@git.example.com/a.git",
            "https://bot:REDACTED_url_password@git.example.com/a.git",
        ),
        (
            "mysql://root:a@b@c@host/db",
            "mysql://root:REDACTED_url_password@host/db",
        ),
    ]);
}

#[test]
fn passwords_in_connection_strings() {
    check(&[
        (
            "Server=db;User Id=sa;Password=hunter2;",
            "Server=db;User Id=sa;Password=REDACTED_connection_password;",
        ),
        (
            "\"Data Source=x;uid=a;pwd=b4d\"",
            "\"Data Source=x;uid=a;pwd=REDACTED_connection_password\"",
        ),
        (
            "jdbc:mysql://h/db?user=a&password=tiger1&x=1",
            "jdbc:mysql://h/db?user=a&password=REDACTED_connection_password&x=1",
        ),
    ]);
}

#[test]
fn passwords_on_command_lines() {
    check(&[
        (
            "curl -u admin:tiger https://x",
            "curl -u admin:REDACTED_command_password https://x",
        ),
        ("curl --user 'a:b c9'", "curl --user 'a:b c9'"),
        (
            "sshpass -p 'tiger' ssh h",
            "sshpass -p 'REDACTED_command_password' ssh h",
        ),
        (
            "docker login -u me -p tiger r.io",
            "docker login -u me -p REDACTED_command_password r.io",
        ),
        (
            "docker run -u 1000:1000 -p 80:80",
            "docker run -u 1000:1000 -p 80:80",
        ),
    ]);
}

#[test]
fn web_tokens_and_authorization() {
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    for (before, after) in [("", ""), ("jwt: \"", "\""), ("?t=", "&x=1")] {
        let text = format!("{before}{token}{after}");
        assert_eq!(
            redact(&text, None).text,
            format!("{before}REDACTED_json_web_token{after}")
        );
    }
    check(&[
        (
            "Authorization: Bearer a8Kq2LmZp0VtR4x9",
            "Authorization: Bearer REDACTED_authorization_header",
        ),
        (
            "\"Authorization\": \"Basic YWRtaW46aHVudGVyMg==\"",
            "\"Authorization\": \"Basic REDACTED_authorization_header\"",
        ),
        (
            "-H 'authorization: token 9f86d081884c7d659a2feaa0c55ad015'",
            "-H 'authorization: token REDACTED_authorization_header'",
        ),
        (
            "{\"auths\":{\"r.io\":{\"auth\":\"YWRtaW46aHVudGVyMg==\"}}}",
            "{\"auths\":{\"r.io\":{\"auth\":\"REDACTED_docker_auth\"}}}",
        ),
    ]);
}

#[test]
fn kubernetes_secrets() {
    check(&[
        (
            "a: 1\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: x\ndata:\n  user: YWRtaW4=\n  pass: \"aHVudGVy\" # why\n---\nkind: ConfigMap\ndata:\n  a: b\n",
            "a: 1\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: x\ndata:\n  user: REDACTED_kubernetes_secret\n  pass: \"REDACTED_kubernetes_secret\" # why\n---\nkind: ConfigMap\ndata:\n  a: b\n",
        ),
        (
            "stringData:\n  conf: |\n    a = 1\n\n    b = 2\n  t: {{ .Values.t }}\nkind: Secret\ntype: Opaque\n",
            "stringData:\n  conf: |\n    REDACTED_kubernetes_secret\n\n\n  t: {{ .Values.t }}\nkind: Secret\ntype: Opaque\n",
        ),
        (
            "items:\n- kind: Secret\n  data:\n    a: Yg==\n- kind: ConfigMap\n  data:\n    a: b\n",
            "items:\n- kind: Secret\n  data:\n    a: REDACTED_kubernetes_secret\n- kind: ConfigMap\n  data:\n    a: b\n",
        ),
        (
            "{\"data\": {\"p\": \"aHVu\"}, \"kind\": \"Secret\", \"type\": \"Opaque\"}",
            "{\"data\": {\"p\": \"REDACTED_kubernetes_secret\"}, \"kind\": \"Secret\", \"type\": \"Opaque\"}",
        ),
        (
            "kind: Secret\nstringData: {p: tiger, q: \"lion\"}\n",
            "kind: Secret\nstringData: {p: REDACTED_kubernetes_secret, q: \"REDACTED_kubernetes_secret\"}\n",
        ),
        (
            "kind: Secret\nmetadata:\n  last: '{\"data\":{\"p\":\"aHVu\"},\"kind\":\"Secret\"}'\ndata:\n  a: Yg==\n",
            "kind: Secret\nmetadata:\n  last: '{\"data\":{\"p\":\"REDACTED_kubernetes_secret\"},\"kind\":\"Secret\"}'\ndata:\n  a: REDACTED_kubernetes_secret\n",
        ),
        (
            "  - kind: \"Secret\"\r\n    stringData:\r\n      # why\r\n      b: >-\r\n        x\r\n        y\r\n      c: ${C}\r\n",
            "  - kind: \"Secret\"\r\n    stringData:\r\n      # why\r\n      b: >-\r\n        REDACTED_kubernetes_secret\r\n\r\n      c: ${C}\r\n",
        ),
    ]);
}

#[test]
fn secret_files() {
    check_file(
        Some("app/.env"),
        &[
            (
                "DB_PASSWORD=tiger\nPORT=8080\n",
                "DB_PASSWORD=REDACTED_environment_value\nPORT=8080\n",
            ),
            (
                "export API_KEY='abc' # x\n",
                "export API_KEY='REDACTED_environment_value' # x\n",
            ),
            (
                "TOKEN=${OTHER}\nSECRET=changeme\nDEBUG=true\n",
                "TOKEN=${OTHER}\nSECRET=changeme\nDEBUG=true\n",
            ),
        ],
    );
    check_file(
        Some(".netrc"),
        &[(
            "machine h login me password tiger\n",
            "machine h login me password REDACTED_password_file\n",
        )],
    );
    check_file(
        Some(".pgpass"),
        &[(
            "h:5432:db:me:tiger\n",
            "h:5432:db:me:REDACTED_password_file\n",
        )],
    );
    check_file(
        Some("x/.htpasswd"),
        &[("me:tiger\n", "me:REDACTED_password_file\n")],
    );
    check_file(
        Some("a/id_rsa"),
        &[(
            "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE\nbm9uZQ\n",
            "REDACTED_key_file\n\n",
        )],
    );
}

#[test]
fn names_that_sound_like_a_secret() {
    for text in [
        "password = \"x8Kq2LmZp0Vt\"",
        "clientSecret: x8Kq2LmZp0VtR4",
        "\"api_key\": \"9f86d081884c7d659a2feaa0c55ad015\",",
        "SERVICE_TOKEN=x8Kq2LmZp0VtR4",
        "<password>x8Kq2LmZp0VtR4</password>",
        "<add key=\"ApiPassword\" value=\"x8Kq2LmZp0VtR4\"/>",
        "spring.datasource.password=x8Kq2LmZp0VtR4",
        "- name: API_TOKEN\n  value: \"x8Kq2LmZp0VtR4\"",
        "config[\"token\"] = 'x8Kq2LmZp0VtR4'",
        "let token: &str = \"x8Kq2LmZp0VtR4\";",
        "token := \"x8Kq2LmZp0VtR4\"",
        "mysql --password x8Kq2LmZp0VtR4",
        "{\\\"access_key\\\": \\\"x8Kq2LmZp0VtR4\\\"}",
        "admin_password: \"Winter2024!Pass\"",
        "- name: DB_PASSWORD\n  value: Tr0ub4dor&3",
        "ENV API_TOKEN x8Kq2LmZp0VtR4",
        "machine h login me password x8Kq2LmZp0VtR4",
        "The password is x8Kq2LmZp0VtR4",
        "DB_PASS=x8Kq2LmZp0VtR4",
        "client_secret = \"3f2b8c1e-7a4d-4e9b-8f6a-1c2d3e4f5a6b\"",
    ] {
        let redacted = redact(text, None);
        assert!(
            redacted.text.contains("REDACTED_secret_assignment"),
            "{text} -> {}",
            redacted.text
        );
        assert_eq!(redacted.found.len(), 1, "{text}");
    }
}

#[test]
fn base64_around_a_secret() {
    let secrets = [
        "export TOKEN=ghp_a8Kq2LmZp0VtR4x9a8Kq2LmZp0VtR4x9abcd",
        "postgres://app:hunter2@db:5432/x",
        "{\"auths\":{\"r.io\":{\"auth\":\"YWRtaW46aHVudGVyMg==\"}}}",
    ];
    for secret in secrets {
        let once = STANDARD.encode(secret);
        let twice = STANDARD.encode(&once);
        for wrapped in [once, twice] {
            let text = format!("value: {wrapped}\nnext: 1\n");
            let redacted = redact(&text, None);
            assert!(
                redacted.text.starts_with("value: REDACTED_")
                    && redacted.text.ends_with("\nnext: 1\n"),
                "{}",
                redacted.text
            );
            assert!(!redacted.text.contains('='), "{}", redacted.text);
        }
    }
    let long = STANDARD.encode(secrets.concat().repeat(2));
    let lines: Vec<_> = long
        .as_bytes()
        .chunks(76)
        .map(|line| String::from_utf8_lossy(line))
        .collect();
    let redacted = redact(&lines.join("\n"), None).text.into_owned();
    assert!(
        redacted.starts_with("REDACTED_") && redacted.trim_end().lines().count() == 1,
        "{redacted}"
    );
}
