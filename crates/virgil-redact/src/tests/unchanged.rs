//! What is no secret, and stays to the letter.

use crate::redact;

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "commit 9b1c3f0a7d5e4c2b8a6f1e0d3c5b7a9f8e6d4c2b",
        "image@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "id: 3f2b8c1e-7a4d-4e9b-8f6a-1c2d3e4f5a6b",
        "\"integrity\": \"sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg==\"",
        "github.com/a/b v1.0.0 h1:v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZ=",
        "checksum = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
        "password = os.environ[\"X9\"]",
        "token: str",
        "def f(token: Optional[str] = None, secret_2: int = 12345678901234):",
        "api_key=settings.api_key",
        "token = get_token(request, 3)",
        "let secret = Secret::new2(value);",
        "The password is stored in the vault; a token of 32 characters has 2 parts.",
        "valueFrom:\n  secretKeyRef:\n    name: db-credentials-2024\n    key: password1\n",
        "token: ${TOKEN}",
        "api_key: <your-api-key>",
        "password: {{ .Values.db.password1 }}",
        "secretName: my-tls-secret-2024-v1",
        "token_url = \"/oauth2/v3/token\"",
        "access_token_path: /var/run/secrets/token1",
        "postgres://user:${DB_PASSWORD}@host/db",
        "postgres://user:<password>@host/db",
        "https://user:{{ x }}@host",
        "https://user:password@host",
        "redis://:****@host",
        "mysql://%s:%s@%s/db",
        "ftp://a:$PASS@host",
        "Credentials *S3Credentials `json:\"credentials\"`",
        "{\"kind\": \"Secret\", \"data\": {\"a\": encode(s3[\"Key\"][\"Access\"])}}",
        "postgresql://[DB_USER[:DB_PASSWORD]@][DB_HOST]",
        "const secretMock = k8sHelper.getK8sSecret as unknown;",
        "connect(ssl_password=config.ssl_password)",
        "postgres://DB_USERNAME:DB_PASSWORD@DB_HOST:DB_PORT/DB",
        "\"hashed_secret\": \"24019c1ce9c3dd5759557b505c3774d325c5cf57\",",
        "http://a:xxx@host http://a:changeme@host http://a:example@host",
        "http://localhost:8080/path@v1",
        "Authorization: Bearer $TOKEN",
        "Authorization: Bearer <token>",
        "Authorization: Bearer YOUR_TOKEN_HERE",
        "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
        "sk-learn-contrib-project and task-management-2024-planning",
        "kind: ExternalSecret\ndata:\n- secretKey: a1\n  remoteRef:\n    key: b1\n",
        "kind: SealedSecret\nspec:\n  encryptedData:\n    a: AgBy3i4OJSWK\n",
        "kind: SecretStore\ndata:\n  a: b\n",
        "secretRef:\n  kind: ConfigMap\ndata:\n  a: b\n",
        "x-datadog-trace-id: 9f86d081884c7d659a2feaa0c55ad015",
        "gitea commit 9b1c3f0a7d5e4c2b8a6f1e0d3c5b7a9f8e6d4c2b",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "aGVsbG8gd29ybGQsIHRoaXMgaXMgYSBsb25nIHRleHQ=",
    ] {
        let redacted = redact(text, None);
        assert_eq!(redacted.text, text);
        assert!(redacted.found.is_empty());
    }
}

#[test]
fn a_lock_file_loses_only_unmistakable_tokens() {
    let text = "token: x8Kq2LmZp0VtR4x9\nresolved: https://u:hunter2@h/\nhash: 9f86d081884c7d659a2feaa0c55ad015\n";
    assert_eq!(redact(text, Some("a/yarn.lock")).text, text);
    let text = "resolved: https://h/?t=ghp_a8Kq2LmZp0VtR4x9a8Kq2LmZp0VtR4x9abcd";
    assert_eq!(
        redact(text, Some("Cargo.lock")).text,
        "resolved: https://h/?t=REDACTED_github_token"
    );
}
