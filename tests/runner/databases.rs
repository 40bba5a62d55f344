//! Databases: read, written, and what becomes of rows where they break off. `SQLite` always; `PostgreSQL` and `MariaDB`
//! where the machine has them, which is said where not.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::database_servers::{Cut, DatabaseServer, PASSWORD, USER, cutting};
use crate::support::project;
use crate::support::sandbox::{Held, Sandbox};

/// Runs a spec; `input` is what an export reads.
fn run(folder: &Path, spec: &str, input: &str, more: &[&str]) -> (Ended, Held) {
    let file = folder.join("spec.yaml");
    let spec = format!(
        "version: 1\nname: databases\noptions: {{ PASSWORD: {{ type: password }} }}\n{spec}"
    );
    fs::write(&file, spec).unwrap();
    let table = folder.join("input.csv");
    fs::write(&table, input).unwrap();
    let sandbox = Sandbox::serve(&[("input", table)]);
    let ended = Runner::of_spec(&file, &sandbox.url)
        .args(more.iter().copied())
        .env("PASSWORD", PASSWORD)
        .run();
    (ended, sandbox.stop())
}

/// A target at an address: rows into a table by their key.
fn target(url: &str, keys: &str) -> String {
    format!(
        "mode: export\ntarget:\n  batch: 4\n  item: {{ sku: \"{{{{ row.sku }}}}\", title: \"{{{{ row.title or none }}}}\", price: \"{{{{ row.price | to_number }}}}\" }}\n\
         \x20 sql: {{ url: \"{url}\", username: {USER}, password: \"{{{{ options.PASSWORD }}}}\", {keys} }}\n\
         feedback: {{ columns: {{ sku: \"{{{{ row.sku }}}}\", status: \"{{{{ outcome.status }}}}\", message: \"{{{{ outcome.message }}}}\" }} }}\n"
    )
}

const ROWS: &str =
    "sku,title,price\nA,One,19.90\nB,,5\nC,Three,\nD,Four,1e3\nE,Five,7\nA,Again,8\n";

/// Each row's sku and status.
fn fates(held: &Held) -> Vec<(String, String)> {
    let lines = held.lines("feedback.jsonl");
    let fates = lines.iter().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        (text("sku"), text("status"))
    });
    fates.collect()
}

fn all(status: &str) -> Vec<(String, String)> {
    let skus = ["A", "B", "C", "D", "E", "A"];
    skus.map(|sku| (sku.to_owned(), status.to_owned())).to_vec()
}

/// All are ok but the one that the table refuses.
fn but_one() -> Vec<(String, String)> {
    let mut fates = all("ok");
    "failed".clone_into(&mut fates[1].1);
    fates
}

fn sqlite() -> TempDir {
    let folder = TempDir::new().unwrap();
    let database = Connection::open(folder.path().join("shop.db")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE products (id INTEGER PRIMARY KEY, title TEXT, price REAL, raw BLOB, at TEXT);
             INSERT INTO products VALUES (1, 'Größe \"L\"', 19.9, x'ff00', '2024-01-31'),
                 (9007199254740993, NULL, 1e300, 'text', '2024-02-01 10:00:00'), (3, '', 3, NULL, NULL);
             CREATE TABLE target (sku TEXT PRIMARY KEY, title TEXT NOT NULL, price REAL);",
        )
        .unwrap();
    folder
}

fn held_by_sqlite(folder: &Path) -> Vec<String> {
    let database = Connection::open(folder.join("shop.db")).unwrap();
    let mut query = database
        .prepare("SELECT sku || ' ' || title || ' ' || ifnull(price, '-') FROM target ORDER BY 1")
        .unwrap();
    let rows = query.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn rows_of_sqlite_are_records() {
    let folder = sqlite();
    let source = |query: &str, params: &str| {
        format!(
            "mode: data-source\nincremental: {{ value: \"{{{{ record.at }}}}\" }}\nsource:\n  - {{ name: least, for_each: [0, 2] }}\n  - sql: {{ url: sqlite:shop.db, query: \"{query}\", params: {params} }}\nkeep: all\n"
        )
    };
    let query =
        "SELECT * FROM products WHERE id > :least AND (:since IS NULL OR at > :since) ORDER BY id";
    let params = "{ least: \"{{ least }}\", since: \"{{ since }}\" }";
    let state = folder.path().join("state.json");
    let state = ["--state", state.to_str().unwrap()];
    let (ended, held) = run(folder.path(), &source(query, params), "", &state);
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    let first = r#"{"id":1,"title":"Größe \"L\"","price":19.9,"raw":"/wA=","at":"2024-01-31"}"#;
    let third = r#"{"id":3,"title":"","price":3,"raw":"","at":""}"#;
    let large = r#"{"id":9007199254740993,"title":"","price":1e+300,"raw":"text","at":"2024-02-01 10:00:00"}"#;
    assert_eq!(
        held.lines("output.jsonl"),
        [first, third, large, third, large]
    );
    // What was read is a date by now, and the next run asks for what is newer.
    let (ended, held) = run(folder.path(), &source(query, params), "", &state);
    assert_eq!((ended.code, held.lines("output.jsonl").len()), (0, 0));
    // Dates are texts there: what came later on the same day is later.
    let database = Connection::open(folder.path().join("shop.db")).unwrap();
    let later = "INSERT INTO products VALUES (4, 'later', 1, NULL, '2024-02-01 10:00:01')";
    database.execute_batch(later).unwrap();
    drop(database);
    let (_, held) = run(folder.path(), &source(query, params), "", &state);
    let later = r#"{"id":4,"title":"later","price":1,"raw":"","at":"2024-02-01 10:00:01"}"#;
    assert_eq!(held.lines("output.jsonl"), [later, later]);
    for (query, said) in [
        ("SELEC 1 + :least + :since", "syntax error"),
        (
            "SELECT 1 AS a, :least AS a, :since AS b",
            "two columns called `a`",
        ),
        (
            "DELETE FROM products WHERE id > :least OR :since",
            "none that reads",
        ),
    ] {
        let (ended, held) = run(folder.path(), &source(query, params), "", &[]);
        assert_eq!(ended.code, 1);
        assert!(
            held.text("logs.jsonl").contains(said),
            "{}",
            held.text("logs.jsonl")
        );
    }
    let missing =
        "mode: data-source\nsource: { sql: { url: sqlite:none.db, query: SELECT 1 } }\nkeep: all\n";
    let (ended, held) = run(folder.path(), missing, "", &[]);
    assert_eq!(ended.code, 1);
    assert!(held.text("logs.jsonl").contains("can't be reached"));
    assert!(!folder.path().join("none.db").exists());
}

#[test]
fn rows_go_into_sqlite_and_each_is_told() {
    let folder = sqlite();
    let spec = target("sqlite:shop.db", "table: target, key: sku");
    let (ended, held) = run(folder.path(), &spec, ROWS, &[]);
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    assert_eq!(fates(&held), but_one());
    assert!(
        held.text("feedback.jsonl")
            .contains("NOT NULL constraint failed: target.title")
    );
    let there = ["A Again 8.0", "C Three -", "D Four 1000.0", "E Five 7.0"];
    assert_eq!(held_by_sqlite(folder.path()), there);
    // Without a key what is there already is refused, and nothing is written in a rehearsal.
    let spec = target("sqlite:shop.db", "table: target");
    let (ended, held) = run(folder.path(), &spec, ROWS, &[]);
    assert_eq!((ended.code, fates(&held)), (1, all("failed")));
    let delete = target(
        "sqlite:shop.db",
        "query: \"DELETE FROM target WHERE sku = :sku AND title <> ':sku'\", params: { sku: \"{{ row.sku }}\" }",
    );
    let (ended, _) = run(folder.path(), &delete, "sku\nC\nD\n", &["--dry-run"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("SQL DELETE FROM target WHERE sku = :sku AND title <> ':sku'")
            && ended.stdout.contains(r#"{"sku":"C"}"#),
        "{}",
        ended.stdout
    );
    assert_eq!(held_by_sqlite(folder.path()), there);
    let (ended, held) = run(folder.path(), &delete, "sku\nC\nD\nnone\n", &[]);
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    assert_eq!(held_by_sqlite(folder.path()), ["A Again 8.0", "E Five 7.0"]);
    // A statement that undoes all of its transaction leaves nothing done twice.
    let database = Connection::open(folder.path().join("shop.db")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE torn (sku TEXT UNIQUE ON CONFLICT ROLLBACK, title TEXT, price REAL);",
        )
        .unwrap();
    let spec = target("sqlite:shop.db", "table: torn");
    let rows = "sku,title,price\na,x,1\nb,x,2\na,x,3\nc,x,12345678901234567890.5\nd,x,5\n";
    let (ended, held) = run(folder.path(), &spec, rows, &[]);
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    let statuses: Vec<String> = fates(&held).into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses, ["ok", "ok", "failed", "ok", "ok"]);
    let there: String = database
        .query_row(
            "SELECT group_concat(sku) FROM (SELECT sku FROM torn ORDER BY sku)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(there, "a,b,c,d");
    // A table that is not there is told of each row.
    let spec = target("sqlite:shop.db", "table: none, key: sku");
    let (ended, held) = run(folder.path(), &spec, ROWS, &[]);
    assert_eq!((ended.code, fates(&held)), (1, all("failed")));
    assert!(held.text("feedback.jsonl").contains("no such table: none"));
}

/// The same against a server; `cell` is how it says a price.
fn server(kind: &str, server: &mut DatabaseServer, types: &str, values: &str, expected: &str) {
    let folder = TempDir::new().unwrap();
    server.sql(&format!(
        "CREATE TABLE products (id BIGINT PRIMARY KEY, {types})"
    ));
    server.sql(&format!("INSERT INTO products VALUES (1, {values})"));
    server.sql("INSERT INTO products (id) VALUES (2)");
    server.sql("CREATE TABLE target (sku VARCHAR(20) PRIMARY KEY, title VARCHAR(100) NOT NULL, price NUMERIC(10,2))");
    let url = |port: u16| format!("{kind}://127.0.0.1:{port}/shop");
    let source = |password: &str, query: &str| {
        format!(
            "mode: data-source\nsource:\n  sql: {{ url: \"{}\", username: {USER}, password: \"{password}\", query: \"{query}\", params: {{ id: 1 }} }}\nkeep: all\n",
            url(server.port)
        )
    };
    let good = "{{ options.PASSWORD }}";
    let query = "SELECT * FROM products WHERE id = :id";
    let (ended, held) = run(folder.path(), &source(good, query), "", &[]);
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    assert_eq!(held.lines("output.jsonl"), [expected]);
    for (password, query, said) in [
        ("wrong-password", query, "lets nobody in"),
        (good, "SELECT id FROM nowhere WHERE id = :id", "nowhere"),
        (
            good,
            "SELECT 1 AS a, 2 AS a FROM products WHERE id = :id",
            "two columns called `a`",
        ),
    ] {
        let (ended, held) = run(folder.path(), &source(password, query), "", &[]);
        let logs = held.text("logs.jsonl");
        assert_eq!(ended.code, 1, "{logs}");
        assert!(
            logs.contains(said) && !logs.contains("password-1"),
            "{logs}"
        );
    }
    let count = "SELECT COUNT(*) FROM target";
    let (ended, held) = run(
        folder.path(),
        &target(&url(server.port), "table: target, key: sku"),
        ROWS,
        &[],
    );
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    assert_eq!(fates(&held), but_one(), "{}", held.text("feedback.jsonl"));
    assert_eq!(server.sql(count).trim(), "4");
    assert_eq!(
        server
            .sql("SELECT title, price FROM target WHERE sku = 'A'")
            .replace('|', "\t")
            .trim(),
        "Again\t8.00"
    );
    // Where nobody heard whether rows were committed, nobody knows.
    let rows = "sku,title,price\nX,One,1\nY,Two,2\n";
    let through = cutting(server.port, "COMMIT", Cut::Behind, 1);
    let (ended, held) = run(
        folder.path(),
        &target(&url(through), "table: target"),
        rows,
        &[],
    );
    let statuses: Vec<String> = fates(&held).into_iter().map(|(_, status)| status).collect();
    let feedback = held.text("feedback.jsonl");
    assert_eq!(
        (ended.code, statuses),
        (1, vec!["unknown".to_owned(); 2]),
        "{feedback}"
    );
    assert!(feedback.contains("may be in the database or not"));
    assert_eq!(server.sql(count).trim(), "6", "they were");
    // What is known by a key is written once more.
    let through = cutting(server.port, "COMMIT", Cut::Behind, 1);
    let spec = target(&url(through), "table: target, key: sku");
    let (ended, held) = run(folder.path(), &spec, rows, &[]);
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    assert!(fates(&held).iter().all(|(_, status)| status == "ok"));
    assert_eq!(server.sql(count).trim(), "6");
    // A row whose key is nothing is known by nothing.
    let spec = target(&url(server.port), "table: target, key: title");
    let (_, held) = run(folder.path(), &spec, "sku,title,price\nZ,,1\n", &[]);
    let feedback = held.text("feedback.jsonl");
    assert!(
        feedback.contains("known by `title`, and here that is nothing"),
        "{feedback}"
    );
    // What connects again begins anew.
    let through = cutting(server.port, "BEGIN", Cut::Before, 1);
    let spec = target(&url(through), "table: target");
    let (ended, held) = run(folder.path(), &spec, "sku,title,price\nW,One,1\n", &[]);
    assert_eq!(ended.code, 0, "{}", held.text("feedback.jsonl"));
    assert_eq!(server.sql(count).trim(), "7");
}

#[test]
fn postgresql() {
    let Some(mut server) = DatabaseServer::postgres() else {
        return;
    };
    let types = "title TEXT, price NUMERIC(10,2), f REAL, ok BOOLEAN, at TIMESTAMPTZ, tags TEXT[], meta JSONB, big NUMERIC";
    let values = r#"'Größe "L"', 19.90, 19.9, true, '2024-01-31 12:00:00.5+01', '{a,b}', '{"x":1.50}', 123456789012345678901234.5678"#;
    let expected = r#"{"id":1,"title":"Größe \"L\"","price":19.90,"f":19.9,"ok":"true","at":"2024-01-31T11:00:00.5+00:00","tags-0":"a","tags-1":"b","meta-x":1.50,"big":123456789012345678901234.5678}"#;
    self::server("postgres", &mut server, types, values, expected);
    // What was surely not done is done again, once.
    let folder = TempDir::new().unwrap();
    let rows = "sku,title,price\nP,One,1\nQ,Two,2\n";
    for word in ["BEGIN", "COMMIT"] {
        let through = cutting(server.port, word, Cut::Before, 1);
        let url = format!("postgres://127.0.0.1:{through}/shop");
        let (ended, held) = run(folder.path(), &target(&url, "table: target"), rows, &[]);
        if word == "BEGIN" {
            assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
        } else {
            // Whether it went out is not known here.
            assert_eq!(ended.code, 1);
            assert!(fates(&held).iter().all(|(_, status)| status == "unknown"));
        }
        assert_eq!(
            server
                .sql("DELETE FROM target WHERE sku IN ('P', 'Q') RETURNING sku")
                .lines()
                .count(),
            if word == "BEGIN" { 2 } else { 0 }
        );
    }
    // A constraint that is looked at when all is committed: each row's fate is told all the same.
    server.sql("CREATE TABLE groups (id TEXT PRIMARY KEY); INSERT INTO groups VALUES ('g')");
    server.sql("CREATE TABLE members (sku TEXT PRIMARY KEY, title TEXT REFERENCES groups DEFERRABLE INITIALLY DEFERRED, price NUMERIC)");
    let url = format!("postgres://127.0.0.1:{}/shop", server.port);
    let rows = "sku,title,price\nP,g,1\nQ,none,2\nR,g,3\n";
    let (ended, held) = run(
        folder.path(),
        &target(&url, "table: members, key: sku"),
        rows,
        &[],
    );
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    let statuses: Vec<String> = fates(&held).into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses, ["ok", "failed", "ok"]);
    assert_eq!(server.sql("SELECT count(*) FROM members").trim(), "2");
    the_examples(&mut server);
}

/// The examples, as they stand.
fn the_examples(server: &mut DatabaseServer) {
    server.sql("CREATE TABLE shop_products (id BIGINT PRIMARY KEY, sku TEXT, title TEXT, price NUMERIC(10,2), updated_at TIMESTAMPTZ)");
    server.sql("INSERT INTO shop_products VALUES (1, 'A', 'Cup', 4.50, '2024-01-31 12:00+00'), (2, 'B', 'Mug', 5, '2023-01-01 00:00+00')");
    server.sql("CREATE TABLE offers (sku TEXT PRIMARY KEY, title TEXT, price NUMERIC(10,2), stock INTEGER)");
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("input.csv");
    fs::write(&input, "id,title,price,stock\nA,Cup,\"4,50\",7\nB,Mug,5,\n").unwrap();
    let host = format!("127.0.0.1:{}", server.port);
    let sandbox = Sandbox::serve(&[("input", input)]);
    for example in ["postgres-products", "postgres-offers"] {
        Runner::of_spec(&project(&format!("examples/{example}.yaml")), &sandbox.url)
            .env("HOST", &host)
            .env("DATABASE", "shop")
            .env("USERNAME", USER)
            .env("PASSWORD", PASSWORD)
            .arg("--shared")
            .arg(sandbox.out().join("exchange"))
            .run()
            .expect(0);
    }
    let held = sandbox.stop();
    let one =
        r#"{"id":1,"sku":"A","title":"Cup","price":4.50,"updated_at":"2024-01-31T12:00:00+00:00"}"#;
    assert_eq!(held.lines("output.jsonl"), [one]);
    assert_eq!(
        server.sql("SELECT * FROM offers ORDER BY sku").trim(),
        "A|Cup|4.50|7\nB|Mug|5.00|"
    );
}

#[test]
fn mariadb() {
    let Some(mut server) = DatabaseServer::mariadb() else {
        return;
    };
    let types = "title VARCHAR(100), price DECIMAL(10,2), f FLOAT, ok TINYINT(1), day DATE, local DATETIME(3), raw BLOB, big DECIMAL(40,4), u BIGINT UNSIGNED, t TIME, b BIT(3), e ENUM('x','y')";
    let values = r#"'Größe "L"', 19.90, 19.9, true, '2024-01-31', '2024-01-31 12:00:00.5', x'ff00', 123456789012345678901234.5678, 18446744073709551615, '26:05:00', b'101', 'x'"#;
    let expected = r#"{"id":1,"title":"Größe \"L\"","price":19.90,"f":19.9,"ok":1,"day":"2024-01-31","local":"2024-01-31T12:00:00.5","raw":"/wA=","big":123456789012345678901234.5678,"u":18446744073709551615,"t":"26:05:00","b":5,"e":"x"}"#;
    self::server("mysql", &mut server, types, values, expected);
    // A table may have no transactions: what was begun may be done.
    let folder = TempDir::new().unwrap();
    let through = cutting(server.port, "INSERT INTO", Cut::Behind, 1);
    let url = format!("mariadb://127.0.0.1:{through}/shop");
    let rows = "sku,title,price\nP,One,1\nQ,Two,2\n";
    let (ended, held) = run(folder.path(), &target(&url, "table: target"), rows, &[]);
    assert_eq!(ended.code, 1);
    assert!(
        fates(&held).iter().all(|(_, status)| status == "unknown"),
        "{}",
        held.text("feedback.jsonl")
    );
    // What does not fit is refused, whatever the server allows; and a key must be one.
    server.sql("SET GLOBAL sql_mode = ''; CREATE TABLE short (sku VARCHAR(3), title VARCHAR(3), price INT)");
    let url = format!("mysql://127.0.0.1:{}/shop", server.port);
    let rows = "sku,title,price\na,long,1\nb,ok,2\n";
    let (_, held) = run(folder.path(), &target(&url, "table: short"), rows, &[]);
    let statuses: Vec<String> = fates(&held).into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses, ["failed", "ok"]);
    let (ended, held) = run(
        folder.path(),
        &target(&url, "table: short, key: sku"),
        rows,
        &[],
    );
    assert_eq!(ended.code, 1);
    assert!(held.text("feedback.jsonl").contains("no unique key on sku"));
    assert_eq!(server.sql("SELECT COUNT(*) FROM short").trim(), "1");
    // A lock that is waited for too long undoes the whole transaction: then all of it is done again.
    server.sql("SET GLOBAL innodb_lock_wait_timeout = 1; CREATE TABLE locked (sku VARCHAR(9) PRIMARY KEY, title VARCHAR(9), price INT) ENGINE=InnoDB; INSERT INTO locked VALUES ('b', 'old', 0)");
    let lock = server.spawn(
        "BEGIN; UPDATE locked SET title = 'theirs' WHERE sku = 'b'; SELECT SLEEP(4); COMMIT",
    );
    std::thread::sleep(std::time::Duration::from_millis(500));
    let (ended, held) = run(
        folder.path(),
        &target(&url, "table: locked, key: sku"),
        rows.replace("long", "x").as_str(),
        &[],
    );
    lock.join().unwrap();
    assert_eq!(ended.code, 0, "{}", held.text("feedback.jsonl"));
    assert_eq!(
        server
            .sql("SELECT sku, title FROM locked ORDER BY sku")
            .trim(),
        "a\tx\nb\tok"
    );
}
