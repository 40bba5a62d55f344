//! `runner new`, and the page that goes from a curl command to a tested import.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::mock::Mock;
use crate::support::project;
use crate::support::terminal::Terminal;

/// A shop with variants, two products a page.
const SHOP: &str = r#"
- { request: "GET <mock>/api/v1/products?limit=2", header: "authorization: Bearer YOUR-TOKEN", repeat: true, answer: { data: [{ id: 1, title: Shoe, price: { amount: "19.90", currency: EUR }, variants: [{ sku: 1-S }, { sku: 1-L }] }, { id: 2, title: Hat, price: { amount: "9.00", currency: EUR }, variants: [{ sku: 2-S }] }], meta: { total: 3, next_cursor: abc } } }
- { request: "GET <mock>/api/v1/products?limit=2&cursor=abc", header: "authorization: Bearer YOUR-TOKEN", repeat: true, answer: { data: [{ id: 3, title: Sock, price: { amount: "3.50", currency: EUR }, variants: [] }], meta: { total: 3, next_cursor: null } } }
"#;

/// The address of the shop on the page.
const ADDRESS: &str = "https://shop.example.com";

fn run(folder: &Path, line: &str, url: &str) -> Ended {
    let words = shlex::split(&line.replace(ADDRESS, url)).expect("a command");
    let runner = Runner::new().in_folder(folder);
    runner.args(words[1..].iter().map(String::as_str)).run()
}

/// Blocks of a kind, in order.
fn blocks<'p>(page: &'p str, kind: &str) -> Vec<&'p str> {
    let opening = format!("```{kind}\n");
    page.split(&opening)
        .skip(1)
        .map(|block| block.split("```").next().expect("a block"))
        .collect()
}

#[test]
fn the_page_of_the_first_connector_is_true() {
    let page = fs::read_to_string(project("docs/first-connector.md")).unwrap();
    let mock = Mock::start(Path::new("."), SHOP);
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    let spec = || fs::read_to_string(file("shop.yaml")).unwrap();
    let commands: Vec<&str> = blocks(&page, "sh")
        .iter()
        .flat_map(|block| block.lines())
        .collect();
    let yaml = blocks(&page, "yaml");
    let mut ran = Vec::new();
    for command in commands {
        if command.starts_with("runner preview --spec shop.yaml --replay") {
            // The shop is gone from here on.
            assert_eq!(mock.differences(), Vec::<String>::new());
        }
        if command.contains("--update") {
            fs::write(file("shop.test.yaml"), yaml[2]).unwrap();
        }
        if command.starts_with("runner check") {
            let misspelt = spec().replace("record.title", "record.titel");
            fs::write(file("shop.yaml"), misspelt).unwrap();
        }
        let ended = run(folder.path(), command, &mock.url).expect(0);
        if command.starts_with("runner new") {
            assert_eq!(spec().replace(&mock.url, ADDRESS), yaml[0]);
        }
        if command.starts_with("runner preview") {
            assert!(
                ended.stdout.contains("3 rows, of 3 read"),
                "{}",
                ended.stdout
            );
        }
        if command.starts_with("runner check") {
            for line in blocks(&page, "text")[1].lines() {
                assert!(
                    ended.stdout.contains(line),
                    "{line} is not in\n{}",
                    ended.stdout
                );
            }
            let ended = run(folder.path(), "runner test shop.yaml", &mock.url).expect(1);
            assert!(ended.stdout.contains("column `title`"), "{}", ended.stdout);
        }
        ran.push(command.split(' ').nth(1).expect("a command").to_owned());
    }
    ran.dedup();
    assert_eq!(
        ran,
        [
            "new", "preview", "record", "preview", "test", "check", "portal"
        ]
    );
    // The step for variants is one that goes with the rest.
    let (head, _) = yaml[0].split_once("source:").unwrap();
    let variants = format!(
        "{head}{}columns: {{ sku: \"{{{{ variant.sku }}}}\", title: \"{{{{ product.title }}}}\" }}\n",
        yaml[1]
    );
    fs::write(file("shop.yaml"), variants.replace(ADDRESS, &mock.url)).unwrap();
    let ended = run(
        folder.path(),
        "runner preview --spec shop.yaml --replay",
        &mock.url,
    )
    .expect(0);
    assert!(
        ended.stdout.contains("1-L") && ended.stdout.contains("4 rows"),
        "{}",
        ended.stdout
    );
    for entry in fs::read_dir(folder.path()).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("YOUR-TOKEN"), "{text}");
    }
}

#[test]
fn every_mode_has_a_spec_that_passes() {
    for mode in ["data-source", "data-service", "export", "export-delta"] {
        let folder = TempDir::new().unwrap();
        let ended =
            Runner::new()
                .in_folder(folder.path())
                .args(["new", "My First!", "--mode", mode]);
        assert_eq!(ended.run().expect(0).stdout, "my-first.yaml\n");
        let check = Runner::new()
            .in_folder(folder.path())
            .args(["check", "my-first.yaml"])
            .run()
            .expect(0);
        assert_eq!(check.stdout, "my-first.yaml: fine\n");
        let again =
            Runner::new()
                .in_folder(folder.path())
                .args(["new", "My First!", "--mode", mode]);
        assert!(again.run().expect(1).stderr.contains("my-first.yaml: "));
    }
}

#[test]
fn commands_become_requests_and_secrets_options() {
    let commands = [
        "curl https://a.example/v1/items?page=1&per_page=50 -u me:s3cret-1",
        "curl 'https://a.example/list?offset=0&limit=100&apikey=s3cret-1' -H 'Cookie: session=s3cret-2' -H 'X-Version: 2'",
        "curl https://a.example/search --json '{\"q\": \"x: y\", \"password\": \"s3cret-1\", \"deep\": [{\"client_secret\": \"s3cret-2\"}]}'",
        "curl -X PUT https://a.example/ -d 'a=1&api_key=s3cret-1' -H 'Authorization: Custom s3cret-2'",
        "curl https://a.example/feed -d '<x>1</x><pw>s3cret-1</pw>' -H 'content-type: application/xml'",
        "curl https://a.example/list -H 'X-Client: s3cret12345678901234567890' -H 'X-Version: 2026-01'",
    ];
    let mut all = String::new();
    for (number, command) in commands.iter().enumerate() {
        let folder = TempDir::new().unwrap();
        let name = format!("c{number}");
        let ended = Runner::new()
            .in_folder(folder.path())
            .args(["new", &name, "--from", command]);
        ended.run().expect(0);
        let text = fs::read_to_string(folder.path().join(format!("{name}.yaml"))).unwrap();
        assert!(!text.contains("s3cret"), "{text}");
        let check = Runner::new()
            .in_folder(folder.path())
            .args(["check", &format!("{name}.yaml")]);
        check.run().expect(0);
        all.push_str(&text);
        all.push_str("---\n");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_feed_becomes_a_source() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("feed.csv"), "id,title\n1,Shoe\n").unwrap();
    let ended = Runner::new()
        .in_folder(folder.path())
        .args(["new", "feed", "--from", "feed.csv"]);
    ended.run().expect(0);
    let ended = Runner::new()
        .in_folder(folder.path())
        .args(["preview", "--spec", "feed.yaml"]);
    let ended = ended.run().expect(0);
    assert!(
        ended.stdout.contains("Shoe") && ended.stdout.contains("1 row, of 1 read"),
        "{}",
        ended.stdout
    );
}

/// What is in a feed is looked at, whatever it is packed in, and the spec reads it as it stands.
#[test]
fn a_feed_is_looked_at() {
    const RSS: &str = "<rss xmlns:g='x'><channel><title>Shop</title><item><g:id>7</g:id><title>Shoe</title></item></channel></rss>";
    let folder = TempDir::new().unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, RSS.as_bytes()).unwrap();
    let feeds: [(&str, Vec<u8>, &str, &str); 6] = [
        (
            "plain",
            b"SKU;Product Title\n1;Sch\xc3\xb6n\n2;Hat\n".to_vec(),
            "csv",
            "Schön",
        ),
        (
            "latin",
            b"sku;title\n1;Sch\xf6n\n2;Hat\n".to_vec(),
            "csv",
            "Schön",
        ),
        ("rss", RSS.as_bytes().to_vec(), "xml", "Shoe"),
        ("packed", packed.finish().unwrap(), "xml.gz", "Shoe"),
        (
            "odd",
            b"id,{{x}},a.b,it's,a*b,q}}\n1,2,3,4,5,Shoe\n".to_vec(),
            "csv",
            "Shoe",
        ),
        (
            "deep",
            br#"{"data":{"products":[{"id":1,"name":"Shoe"},{"id":2,"name":"Hat"}]}}"#.to_vec(),
            "json",
            "Shoe",
        ),
    ];
    let mut all = String::new();
    for (name, bytes, ending, cell) in feeds {
        let file = format!("{name}.{ending}");
        fs::write(folder.path().join(&file), bytes).unwrap();
        run(
            folder.path(),
            &format!("runner new {name} --from {file}"),
            "",
        )
        .expect(0);
        let text = fs::read_to_string(folder.path().join(format!("{name}.yaml"))).unwrap();
        let place = folder.path().canonicalize().unwrap();
        all.push_str(&text.replace(place.to_str().unwrap(), "FOLDER"));
        all.push_str("---\n");
        let preview = format!("runner preview --spec {name}.yaml");
        let shown = run(folder.path(), &preview, "").expect(0).stdout;
        assert!(shown.contains(cell), "{shown}");
    }
    insta::assert_snapshot!(all);
    let missing = run(folder.path(), "runner new none --from none.csv", "").expect(2);
    assert!(missing.stderr.contains("none.csv: "), "{}", missing.stderr);
    assert!(!folder.path().join("none.yaml").exists());
}

/// A feed at an address is looked at where that is asked for; what is secret in it stays unsaid.
#[test]
fn a_feed_is_fetched_once() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("feed.xml"),
        "<a><offer id='1'/><offer id='2'/></a>",
    )
    .unwrap();
    let mock = Mock::start(
        folder.path(),
        "- { request: GET <mock>/feed.xml?token=s3cret-9, file: feed.xml }\n- { request: GET <mock>/no.xml?token=s3cret-9, status: 403, answer: s3cret-9 }\n",
    );
    let new = "runner new feed --try --from https://shop.example.com/feed.xml?token=s3cret-9";
    let told = run(folder.path(), new, &mock.url).expect(0).stderr;
    assert!(told.contains("1 field in the first 2 records"), "{told}");
    let text = fs::read_to_string(folder.path().join("feed.yaml")).unwrap();
    assert!(
        text.contains("format: { xml: { record: offer } }"),
        "{text}"
    );
    assert!(text.contains("id: \"{{ record['@id'] }}\""), "{text}");
    let refused = "runner new no --try --from https://shop.example.com/no.xml?token=s3cret-9";
    let told = run(folder.path(), refused, &mock.url).expect(1).stderr;
    assert!(told.contains("403"), "{told}");
    assert!(
        !text.contains("s3cret-9") && !told.contains("s3cret-9"),
        "{text}{told}"
    );
    assert_eq!(mock.differences(), Vec::<String>::new());
}

/// However a list says that there is more: the spec that is written reads all of it.
#[test]
fn every_page_is_read_by_what_an_answer_shows() {
    let text = fs::read_to_string(project("tests/cases/new/pages.yaml")).unwrap();
    let lists: Vec<serde_yaml::Value> = serde_yaml::from_str(&text).unwrap();
    let mut all = String::new();
    for list in lists {
        let name = list["name"].as_str().unwrap();
        let command = list["command"].as_str().unwrap_or_default();
        let folder = TempDir::new().unwrap();
        let answers = serde_yaml::to_string(&list["answers"]).unwrap();
        let mock = Mock::start(folder.path(), &answers);
        let command = format!("curl {}/list{command}", mock.url);
        let new = Runner::new()
            .in_folder(folder.path())
            .args(["new", name, "--try", "--from", &command]);
        new.run().expect(0);
        let preview = format!("runner preview --spec {name}.yaml");
        let shown = run(folder.path(), &preview, "").expect(0);
        assert!(
            shown.stdout.contains("2 rows, of 2 read"),
            "{name}: {}",
            shown.stdout
        );
        assert_eq!(mock.differences(), Vec::<String>::new(), "{name}");
        let text = fs::read_to_string(folder.path().join(format!("{name}.yaml"))).unwrap();
        let source = text.split("source:\n").nth(1).unwrap();
        let source = source.split("    records:").next().unwrap();
        all = all + name + ":\n" + source;
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_can_t_be_taken_is_told() {
    let folder = TempDir::new().unwrap();
    let new = |args: &[&str]| {
        Runner::new()
            .in_folder(folder.path())
            .arg("new")
            .args(args.iter().copied())
            .run()
    };
    assert!(
        new(&["x", "--from", "shop.pdf"])
            .expect(2)
            .stderr
            .contains("is none of them")
    );
    assert!(
        new(&["x", "--from", "curl -F a=b https://a.example"])
            .expect(2)
            .stderr
            .contains("multipart")
    );
    let cmd = new(&["x", "--from", "curl ^\"https://a.example/x^\""]).expect(2);
    assert!(cmd.stderr.contains("cURL (bash)"), "{}", cmd.stderr);
    let mock = Mock::start(
        Path::new("."),
        "- { request: GET <mock>/x?token=s3cret-9, status: 403, answer: { why: the token s3cret-9 is not valid }, repeat: true }\n- { request: GET <mock>/page, answer: \"<html>\", repeat: true }\n",
    );
    let refused = new(&[
        "x",
        "--try",
        "--from",
        &format!("curl {}/x?token=s3cret-9", mock.url),
    ])
    .expect(1);
    assert!(!refused.stderr.contains("s3cret-9"), "{}", refused.stderr);
    let page = new(&["x", "--try", "--from", &format!("curl {}/page", mock.url)]).expect(1);
    assert!(
        page.stderr.contains("did not answer with JSON"),
        "{}",
        page.stderr
    );
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

/// A description, the operation, and whether it is for an export.
#[test]
fn an_api_s_description_becomes_a_spec() {
    let folder = TempDir::new().unwrap();
    let case = |file: &str| {
        project("tests/cases/openapi")
            .join(file)
            .display()
            .to_string()
    };
    let mut all = String::new();
    for (name, way, file, operation) in [
        ("products", "--from", "shop.yaml", Some("listProducts")),
        ("categories", "--from", "shop.yaml", Some("/categories")),
        ("pets", "--from", "pets.json", None),
        ("create", "--to", "shop.yaml", Some("createProduct")),
        ("batch", "--to", "shop.yaml", Some("PUT /offers/batch")),
        ("offer", "--to", "shop.yaml", Some("PUT /offers/{sku}")),
        ("pet", "--to", "pets.json", None),
    ] {
        let file = case(file);
        let runner = Runner::new()
            .in_folder(folder.path())
            .args(["new", name, way, &file]);
        let runner = match operation {
            Some(operation) => runner.args(["--operation", operation]),
            None => runner,
        };
        let ended = runner.run().expect(0);
        assert_eq!(ended.stderr, "");
        let spec = fs::read_to_string(folder.path().join(format!("{name}.yaml"))).unwrap();
        all.extend(["=== ", name, "\n", &spec, "\n"]);
        let check = Runner::new()
            .in_folder(folder.path())
            .args(["check", &format!("{name}.yaml")]);
        let told = check.run().expect(0).stdout;
        assert!(told.ends_with(": fine\n"), "{told}");
    }
    insta::assert_snapshot!("openapi", all);
    let several = Runner::new()
        .in_folder(folder.path())
        .args(["new", "x", "--from", &case("shop.yaml")])
        .run()
        .expect(2);
    let told = several.stderr.replace(&case("shop.yaml"), "shop.yaml");
    assert_eq!(
        told,
        "error: shop.yaml: 2 operations answer with a list of records; name one with --operation:\n  GET /categories\n  GET /shops/{shop_id}/products (listProducts)\n"
    );
    fs::write(folder.path().join("other.yaml"), "a: 1\n").unwrap();
    let other = Runner::new()
        .in_folder(folder.path())
        .args(["new", "x", "--to", "other.yaml"])
        .run()
        .expect(2);
    assert_eq!(
        other.stderr,
        "error: other.yaml: it has neither `openapi` nor `swagger`: a description by OpenAPI is read\n"
    );
    // A feed of JSON is no description.
    fs::write(folder.path().join("feed.json"), "[{\"id\":1}]").unwrap();
    let feed = Runner::new()
        .in_folder(folder.path())
        .args(["new", "feed", "--from", "feed.json"]);
    feed.run().expect(0);
}

/// What `runner new` writes; it passes the check.
fn written(folder: &Path, name: &str, args: &[&str]) -> String {
    let runner = Runner::new().in_folder(folder).args(["new", name]);
    runner.args(args.iter().copied()).run().expect(0);
    let file = format!("{name}.yaml");
    let check = Runner::new().in_folder(folder).args(["check", &file]);
    check.run().expect(0);
    fs::read_to_string(folder.join(file)).unwrap()
}

/// Specs that were refused, hung or said something else when they were tried.
#[test]
fn odd_descriptions_and_commands_become_specs_that_pass() {
    let folder = TempDir::new().unwrap();
    let tried = |name: &str, args: &[&str]| written(folder.path(), name, args);
    let six = (0..6).fold(String::new(), |all, n| {
        all + &format!("f{n}: {{ $ref: \"#/components/schemas/A\" }}, ")
    });
    let deep = format!(
        "openapi: 3.1.0\npaths:\n  /p/{{id}}.json:\n    put:\n      parameters: [{{ name: id, in: path }}, {{ name: api-version, in: query, required: true, schema: {{ default: \"7\" }} }}]\n      requestBody: {{ content: {{ application/json: {{ schema: {{ $ref: \"#/components/schemas/B\" }} }} }} }}\n  /list:\n    parameters: [{{ name: limit, in: query, schema: {{ default: 9 }} }}]\n    get:\n      parameters: [{{ name: limit, in: query, schema: {{ default: 50 }} }}, {{ name: page, in: query }}, {{ name: after, in: query }}, {{ name: from, in: query, schema: {{ format: date }} }}]\n      responses:\n        default: {{ content: {{ application/json: {{ schema: {{ properties: {{ errors: {{ type: array, items: {{ properties: {{ code: {{ type: string }} }} }} }} }} }} }} }} }}\n        '200': {{ content: {{ application/json: {{ schema: {{ properties: {{ next: {{ type: string }}, items: {{ type: array, items: {{ $ref: \"#/components/schemas/A\" }} }}, warnings: {{ type: array, items: {{ properties: {{ w: {{ type: string }} }} }} }} }} }} }} }} }}\ncomponents:\n  schemas:\n    A: {{ properties: {{ id: {{ type: integer }}, {six} price: {{ properties: {{ x: {{ type: number }} }} }}, price_x: {{ type: string }} }} }}\n    B:\n      allOf: [{{ $ref: \"#/components/schemas/B\" }}, {{ $ref: \"#/components/schemas/B\" }}, {{ properties: {{ \"it's\": {{ type: string }}, on: {{ type: boolean }} }} }}]\n"
    );
    fs::write(folder.path().join("deep.yaml"), deep).unwrap();
    let list = tried("list", &["--from", "deep.yaml"]);
    for part in [
        "base_url: \"{{ options.API_URL }}\"",
        "records: \"$.items[*]\"",
        "next_url: { next: $.next }",
    ] {
        assert!(
            list.contains(part) || list.contains(&part.replace("$.next", "\"$.next\"")),
            "{part} in {list}"
        );
    }
    assert!(
        !list.contains("after:") && !list.contains("from:") && list.matches("limit:").count() == 1,
        "{list}"
    );
    let put = tried("put", &["--to", "deep.yaml"]);
    for part in [
        "/p/{{ row.id }}.json",
        "api-version: \"7\"",
        "row[\\\"it's\\\"] or none",
        "if row.on != '' else none",
    ] {
        assert!(put.contains(part), "{part} in {put}");
    }
}

#[test]
fn odd_commands_and_feeds_hold_no_secret() {
    let folder = TempDir::new().unwrap();
    let tried = |name: &str, args: &[&str]| written(folder.path(), name, args);
    for (name, from, there, gone) in [
        (
            "f1",
            "sftp://me:s3cret@files.example.com/f.csv",
            "login: { username: \"{{ options.USERNAME }}\"",
            "s3cret",
        ),
        (
            "f2",
            "https://x.example.com/f.csv?token=s3cret&x=1",
            "token={{ options.TOKEN | urlencode }}&x=1",
            "s3cret",
        ),
        (
            "c1",
            "curl 'https://x.example.com/a?ids=1&ids=2&sig=s3cret' -H 'X-A: 1' -H 'X-A: 2'",
            "ids: [\"1\", \"2\"]",
            "s3cret",
        ),
        (
            "c2",
            "curl -XPOST -fsSL https://x.example.com/a --json '{\"clientSecret\":\"s3cret\",\"n\":1}'",
            "options.CLIENTSECRET",
            "s3cret",
        ),
        (
            "c3",
            "curl 'https://x.example.com/a?q={{a}}&page=001&limit=0' -d 12345678901234567890123",
            "start: 1",
            "1.23",
        ),
        (
            "null",
            "curl https://x.example.com/a",
            "name: \"null\"",
            "name: null",
        ),
        (
            "k1",
            "curl https://x.example.com/a -H 'Ocp-Apim-Subscription-Key: s3cret' -d '{\"pwd\":\"s3cret\",\"privateKey\":\"s3cret\"}'",
            "PWD_VALUE",
            "s3cret",
        ),
        (
            "k2",
            "curl 'https://x.example.com/a?ws_key=s3cret' --data-raw $'<login><password>s3cret</password><n>it\\'s</n></login>'",
            "<password>{{ options.PASSWORD | escape }}</password><n>it's</n>",
            "s3cret",
        ),
        (
            "k3",
            "curl https://x.example.com/a -H 'X-Foo: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzM2NyZXQifQ.s3cretsignature'",
            "options.X_FOO",
            "s3cret",
        ),
    ] {
        let spec = tried(name, &["--from", from]);
        assert!(
            spec.contains(there) && !spec.contains(gone),
            "{there} and no {gone} in {spec}"
        );
    }
    fs::write(folder.path().join("broken.json"), "{\"openapi\": ").unwrap();
    for (from, why) in [
        ("broken.json", "neither YAML nor JSON"),
        ("nothere.json", "there is no such file"),
        ("curl https://a.example -d @b.json", "a file"),
    ] {
        let ended = Runner::new()
            .in_folder(folder.path())
            .args(["new", "x", "--from", from])
            .run()
            .expect(2);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
}

/// What the command line leaves open is asked for, on a terminal alone.
#[test]
fn what_is_open_is_asked_for() {
    use std::io::{Read as _, Write as _};

    let folder = TempDir::new().unwrap();
    let nobody = Runner::new()
        .in_folder(folder.path())
        .arg("new")
        .run()
        .expect(2);
    assert_eq!(
        nobody.stderr,
        "error: name the connector: runner new NAME; on a terminal the rest is asked for\n"
    );
    let terminal = Terminal::open();
    let run = Runner::new()
        .in_folder(folder.path())
        .arg("new")
        .env("TERM", "xterm")
        .stdin(terminal.side())
        .stderr(terminal.side());
    let mut child = run.spawn();
    let mut terminal = terminal.own;
    let mut shown = String::new();
    let mut buffer = [0; 4096];
    // Each answer is given when its question is there.
    for (question, keys) in [
        ("What is it to do?", "\x1b[B\x1b[B\x1b[B\r"),
        ("Its name", "\x15My Service\r"),
    ] {
        while !shown.contains(question) {
            let read = terminal.read(&mut buffer).unwrap();
            shown.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        terminal.write_all(keys.as_bytes()).unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(0), "{shown}");
    let mut files = fs::read_dir(folder.path()).unwrap();
    let file = files.next().unwrap().unwrap().path();
    let spec = fs::read_to_string(&file).unwrap();
    assert!(spec.contains("mode: data-service"), "{spec}");
    assert!(file.ends_with("my-service.yaml"), "{}", file.display());
}
