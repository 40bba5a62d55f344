"""A data service in Python, as one would write it who has to be fast: one connection kept, whole
batches, json in C. `connector.py URL WORK ENGINE`: WORK is copy, light, heavy or filter, as the
specs beside it; ENGINE is plain (Python alone) or jinja (Jinja2, each expression compiled once)."""

import html
import http.client
import json
import re
import sys
import unicodedata
from urllib.parse import urlsplit

TAG = re.compile(r"</?(\w+)[^>]*>")
INLINE = {"a", "b", "em", "i", "small", "span", "strong"}
NO_WORD = re.compile(r"[^a-z0-9]+")
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "ae", "Ö": "oe", "Ü": "ue", "ß": "ss"})


def slugify(text):
    text = text.translate(UMLAUTS)
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return NO_WORD.sub("-", text.lower()).strip("-")


def shorten(text, length, end=""):
    return text if len(text) <= length else text[: length - len(end)].rstrip() + end


def strip_tags(text):
    text = TAG.sub(lambda tag: "" if tag[1] in INLINE else " ", text)
    return " ".join(html.unescape(text).split())


def to_number(text):
    return float(text) if "." in text else int(text)


PLAIN = {
    "copy": {"title_copy": lambda row: row["title"]},
    "light": {
        "title_copy": lambda row: row["title"],
        "full_title": lambda row: f"{row['brand']} {row['title']}",
        "currency": lambda row: "EUR",
        "headline": lambda row: row["title"].upper(),
        "short_title": lambda row: shorten(row["title"], 20),
        "is_available": lambda row: "yes" if row["availability"] == "in stock" else "no",
        "best_price": lambda row: row["sale_price"] or row["price"],
        "label": lambda row: row["color"] + " / " + row["size"],
        "note": lambda row: row.get("remark", "none"),
        "clean_category": lambda row: row["category"].strip().lower(),
    },
    "heavy": {
        "slug": lambda row: slugify(row["title"]),
        "url_path": lambda row: f"{slugify(row['brand'])}/{slugify(row['title'])}-{row['id']}",
        "text": lambda row: strip_tags(row["description"]),
        "teaser": lambda row: shorten(strip_tags(row["description"]), 30, "…"),
        "gross": lambda row: round(to_number(row["price"]) * 1.19, 2),
        "saving": lambda row: round(
            to_number(row["price"]) - to_number(row["sale_price"] or row["price"]), 2
        ),
        "is_cheap": lambda row: "cheap"
        if to_number(row["price"]) < 20 and int(row["stock"]) > 0
        else "not cheap",
        "breadcrumb": lambda row: row["category"].replace(" > ", " / ").replace("Sports", "Sport"),
        "image_small": lambda row: row["image_link"]
        .replace("main.jpg", "small.jpg")
        .replace("https:", "http:"),
        "weight_grams": lambda row: int(
            to_number(row["weight"].replace(" kg", "").replace(",", ".")) * 1000
        ),
    },
}

JINJA = {
    "copy": {"title_copy": "row.title"},
    "light": {
        "title_copy": "row.title",
        "full_title": "row.brand ~ ' ' ~ row.title",
        "currency": "'EUR'",
        "headline": "row.title | upper",
        "short_title": "row.title | shorten(20)",
        "is_available": "'yes' if row.availability == 'in stock' else 'no'",
        "best_price": "row.sale_price or row.price",
        "label": "row.color ~ ' / ' ~ row.size",
        "note": "row.remark | default('none')",
        "clean_category": "row.category | trim | lower",
    },
    "heavy": {
        "slug": "row.title | slugify",
        "url_path": "(row.brand | slugify) ~ '/' ~ (row.title | slugify) ~ '-' ~ row.id",
        "text": "row.description | strip_tags",
        "teaser": "row.description | strip_tags | shorten(30, '…')",
        "gross": "(row.price | to_number * 1.19) | round(2)",
        "saving": "(row.price | to_number - (row.sale_price or row.price) | to_number) | round(2)",
        "is_cheap": "'cheap' if row.price | to_number < 20 and row.stock | int > 0 else 'not cheap'",
        "breadcrumb": "row.category | replace(' > ', ' / ') | replace('Sports', 'Sport')",
        "image_small": "row.image_link | replace('main.jpg', 'small.jpg') | replace('https:', 'http:')",
        "weight_grams": "(row.weight | replace(' kg', '') | replace(',', '.') | to_number * 1000) | int",
    },
}

url, work, engine = sys.argv[1:]
columns, keeps = {}, None
if engine == "jinja":
    from jinja2 import Environment

    environment = Environment(autoescape=False)
    environment.filters.update(
        slugify=slugify, shorten=shorten, strip_tags=strip_tags, to_number=to_number
    )
    compiled = {
        name: environment.compile_expression(text) for name, text in JINJA.get(work, {}).items()
    }
    columns = {
        name: lambda row, column=column: column(row=row) for name, column in compiled.items()
    }
    if work == "filter":
        condition = environment.compile_expression("row.stock | int > 20")
        keeps = lambda row: condition(row=row)
else:
    columns = PLAIN.get(work, {})
    if work == "filter":
        keeps = lambda row: int(row["stock"]) > 20


def renamed(row):
    kept = {}
    for name, value in row.items():
        if name in ("condition", "note") or name.startswith("image_"):
            continue
        if name == "title":
            name = "name"
        elif name.startswith("sale_"):
            name = "special_" + name[5:]
        kept[name] = value
    return kept


api = http.client.HTTPConnection(urlsplit(url).netloc)
encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode
while True:
    api.request("GET", "/input/input/next_batch?size=999")
    rows = json.loads(api.getresponse().read())["data"]
    if not rows:
        break
    if keeps:
        rows = [renamed(row) for row in rows if keeps(row)]
    else:
        for row in rows:
            row.update({name: column(row) for name, column in columns.items()})
    body = encode({"meta": {"separator": "-"}, "data": rows}).encode()
    api.request("POST", "/output/output", body, {"Content-Type": "application/json"})
    api.getresponse().read()
