//! The table of filters: ours, and those of minijinja. This list is the only one: the check, the
//! engine, hover, completion and the documentation read it.

use minijinja::filters as stock;
use minijinja::value::Value;

use super::{
    Filter, Numbers, abs, amounts, base64, bool, case, category, date, default, escape, format,
    hash, index_by, join, json, length, map, money, number, or_null, pick, product_codes, regex,
    replace, round, selectattr, similar, slugify, string, strip_tags, title_case, to_map,
    to_number, trim, truncate, urlencode,
};
use crate::template::signature::{Parameter, Takes};

/// All filters, by name.
pub fn all() -> &'static [Filter] {
    ALL
}

const ALL: &[Filter] = &[
        Filter::new("abs", || Value::from_function(stock::abs))
            .about("The number without its sign.")
            .example("{{ -3 | abs }}", "3")
            .natively(abs::native),
        Filter::new("attr", || Value::from_function(stock::attr))
            .about("One field of a map.")
            .example("{{ record.brand | attr('name') }}", "\"Acme\"")
            .takes(&[Parameter::always("name", Takes::Any)]),
        Filter::new("base64", || Value::from_function(base64::encode))
            .about("Text as Base64.")
            .example("{{ 'Hello' | base64 }}", "\"SGVsbG8=\"")
            .natively(base64::native),
        Filter::new("base64_decode", || Value::from_function(base64::decode))
            .about("Base64 as text.")
            .example("{{ record.base64 | base64_decode }}", "\"Hello\""),
        Filter::new("batch", || Value::from_function(stock::batch))
            .about("Lists of so many elements each; the last is filled up with `fill_with`.")
            .example("{{ [1, 2, 3] | batch(2) }}", "[[1,2],[3]]")
            .takes(&[Parameter::always("count", Takes::Positive), Parameter::maybe("fill_with", Takes::Any, "")]),
        Filter::new("bool", || Value::from_function(bool::bool))
            .about("Text as true or false: true, 1, yes, on; false, 0, no, off. Another is an error of the row.")
            .example("{{ 'yes' | bool }}", "true")
            .natively(bool::native),
        Filter::new("capitalize", || Value::from_function(stock::capitalize))
            .about("The first letter large, the rest small.")
            .example("{{ 'two words' | capitalize }}", "\"Two words\""),
        Filter::new("category", || Value::from_function(category::category))
            .about("What a table has for a category, or for the nearest above it.")
            .example("{{ 'Home > Chairs > Oak' | category({'Home': 1, 'Home > Chairs': 2}) }}", "2")
            .takes(&[Parameter::always("table", Takes::Any), Parameter::maybe("separator", Takes::Text, "'>'")]),
        Filter::new("chain", || Value::from_function(stock::chain))
            .about("Lists behind each other.")
            .example("{{ [1] | chain([2]) | list }}", "[1,2]")
            .takes(&[Parameter::often("lists", Takes::Any)]),
        Filter::new("count", || Value::from_function(stock::length))
            .about("How many elements or characters there are.")
            .example("{{ record.sizes | count }}", "3")
            .natively(length::native),
        Filter::new("d", || Value::from_function(default::default))
            .about("Short for `default`.")
            .example("{{ record.nothing | d(0) }}", "0")
            .takes(&[Parameter::maybe("default_value", Takes::Any, "''"), Parameter::maybe("boolean", Takes::Flag, "false")])
            .sees_nothing()
            .numbers(Numbers::AsWritten)
            .natively(default::native),
        Filter::new("currency", || Value::from_function(amounts::currency))
            .about("A number with two digits behind the point and the currency behind them, as feeds want prices; nothing for empty text.")
            .example("{{ '9,9' | currency('EUR') }}", "\"9.90 EUR\"")
            .takes(&[Parameter::always("code", Takes::Text), Parameter::maybe("digits", Takes::Count, "2")]),
        Filter::new("date", || Value::from_function(date::date))
            .about("A date, or text that is one, printed. A date that is none is nothing.")
            .example("{{ record.updated | date('%d.%m.%Y %H:%M', 'Europe/Berlin') }}", "\"29.02.2024 12:30\"")
            .takes(&[Parameter::maybe("format", Takes::DateFormat, "'%Y-%m-%dT%H:%M:%SZ'"), Parameter::maybe("tz", Takes::Zone, "'UTC'")])
            .natively(date::native),
        Filter::new("default", || Value::from_function(default::default))
            .about("What stands in for nothing; with `true` also for what is empty or false.")
            .example("{{ record.empty | default('none', true) }}", "\"none\"")
            .takes(&[Parameter::maybe("default_value", Takes::Any, "''"), Parameter::maybe("boolean", Takes::Flag, "false")])
            .sees_nothing()
            .numbers(Numbers::AsWritten)
            .natively(default::native),
        Filter::new("dictsort", || Value::from_function(stock::dictsort))
            .about("The keys and values of a map, in order.")
            .example("{{ {'b': 1, 'a': 2} | dictsort }}", "[[\"a\",2],[\"b\",1]]")
            .takes(&[Parameter::named("by", Takes::Word(&["key", "value"]), "'key'"), Parameter::named("case_sensitive", Takes::Flag, "false"), Parameter::named("reverse", Takes::Flag, "false")]),
        Filter::new("escape", || Value::from_function(escape::escape))
            .about("Text that can stand in XML and HTML.")
            .example("{{ '<b>' | escape }}", "\"&lt;b&gt;\""),
        Filter::new("first", || Value::from_function(stock::first))
            .about("The first element.")
            .example("{{ record.tags | first }}", "\"red\""),
        Filter::new("float", || Value::from_function(to_number::float))
            .about("Text as a number with decimals; `default` for nothing.")
            .example("{{ record.stock | float }}", "7.0")
            .takes(&[Parameter::maybe("default", Takes::Any, "")])
            .sees_nothing()
            .natively(to_number::native_float),
        Filter::new("format", || Value::from_function(format::format))
            .about("Values put into a pattern with `%s`, `%d`, `%.2f`.")
            .example("{{ '%s has %d' | format(record.title, record.cents) }}", "\"Größe L has 1234\"")
            .takes(&[Parameter::often("values", Takes::Any)]),
        Filter::new("groupby", || Value::from_function(stock::groupby))
            .about("Lists of the elements that are alike in one field.")
            .example("{{ record.sizes | groupby('name') | length }}", "3")
            .takes(&[Parameter::maybe("attribute", Takes::Any, ""), Parameter::named("default", Takes::Any, ""), Parameter::named("case_sensitive", Takes::Flag, "false")])
            .numbers(Numbers::PlainInside),
        Filter::new("gtin", || Value::from_function(product_codes::gtin))
            .about("A GTIN without separators and with its leading zeros, of so many digits where that is said; nothing where the check digit is wrong.")
            .example("{{ '4006381-333931' | gtin }}", "\"4006381333931\"")
            .takes(&[Parameter::maybe("digits", Takes::Count, "")]),
        Filter::new("hash", || Value::from_function(hash::hash))
            .about("A digest in hexadecimal.")
            .example("{{ 'abc' | hash('md5') }}", "\"900150983cd24fb0d6963f7d28e17f72\"")
            .takes(&[Parameter::maybe("kind", Takes::Word(&hash::KINDS), "'sha256'")])
            .natively(hash::native),
        Filter::new("hmac", || Value::from_function(hash::hmac))
            .about("A keyed digest (HMAC), in hexadecimal or as base64.")
            .example("{{ 'what do ya want for nothing?' | hmac('Jefe', 'md5') }}", "\"750c783e6ab0b503eaa86e310a5db738\"")
            .takes(&[Parameter::always("key", Takes::Text), Parameter::maybe("kind", Takes::Word(&hash::KINDS), "'sha256'"), Parameter::maybe("encode", Takes::Word(&hash::ENCODINGS), "'hex'")]),
        Filter::new("html_text", || Value::from_function(strip_tags::html_text))
            .about("HTML to text that keeps its lines; what is listed has a dash.")
            .example("{{ '<p>A &amp; b</p><ul><li>c</li></ul>' | html_text }}", "\"A & b\\n- c\""),
        Filter::new("index_by", || Value::from_function(index_by::index_by))
            .about("A list of maps, each found by one of its fields.")
            .example("{{ (record.sizes | index_by('name')).L.name }}", "\"L\"")
            .takes(&[Parameter::always("key", Takes::Text)])
            .numbers(Numbers::AsWritten),
        Filter::new("indent", || Value::from_function(stock::indent))
            .about("Lines moved to the right.")
            .example("{{ 'a\\nb' | indent(2) }}", "\"a\\n  b\"")
            .takes(&[Parameter::maybe("width", Takes::Count, "4"), Parameter::maybe("first", Takes::Flag, "false"), Parameter::maybe("blank", Takes::Flag, "false")]),
        Filter::new("int", || Value::from_function(to_number::int))
            .about("Text as a whole number; `default` for nothing.")
            .example("{{ '12.9' | int }}", "12")
            .takes(&[Parameter::maybe("default", Takes::Any, "")])
            .sees_nothing()
            .natively(to_number::native_int),
        Filter::new("items", || Value::from_function(stock::items))
            .about("The keys and values of a map.")
            .example("{{ {'a': 1} | items }}", "[[\"a\",1]]"),
        Filter::new("join", || Value::from_function(join::join))
            .about("A list as text with `d` between; what is nothing is left out.")
            .example("{{ record.sizes | join('/', attribute='name') }}", "\"S/L/XL\"")
            .takes(&[Parameter::maybe("d", Takes::Text, "''"), Parameter::maybe("attribute", Takes::Text, "")])
            .numbers(Numbers::AsWritten),
        Filter::new("json", || Value::from_function(json::json))
            .about("A value as JSON text.")
            .example("{{ record.brand | pick('name') | json }}", "\"{\\\"name\\\":\\\"Acme\\\"}\"")
            .numbers(Numbers::AsWritten),
        Filter::new("last", || Value::from_function(stock::last))
            .about("The last element.")
            .example("{{ record.tags | last }}", "\"blue\""),
        Filter::new("length", || Value::from_function(stock::length))
            .about("How many elements or characters there are.")
            .example("{{ record.sizes | length }}", "3")
            .natively(length::native),
        Filter::new("lines", || Value::from_function(stock::lines))
            .about("The lines of a text.")
            .example("{{ 'a\\nb' | lines }}", "[\"a\",\"b\"]"),
        Filter::new("list", || Value::from_function(stock::list))
            .about("A list of what can be counted through: the characters of a text, the keys of a map.")
            .example("{{ 'ab' | list }}", "[\"a\",\"b\"]"),
        Filter::new("lower", || Value::from_function(stock::lower))
            .about("Small letters.")
            .example("{{ record.title | lower }}", "\"größe l\"")
            .natively(case::lower),
        Filter::new("map", || Value::from_function(map::map))
            .about("One field of each element, or each element through a filter.")
            .example("{{ record.sizes | map(attribute='name') }}", "[\"S\",\"L\",\"XL\"]")
            .takes(&[Parameter::maybe("filter", Takes::FilterName, ""), Parameter::named("attribute", Takes::Text, ""), Parameter::named("default", Takes::Any, ""), Parameter::often("arguments", Takes::Any)]),
        Filter::new("max", || Value::from_function(stock::max))
            .about("The greatest element.")
            .example("{{ [3, 1] | max }}", "3")
            .takes(&[Parameter::named("attribute", Takes::Text, ""), Parameter::named("case_sensitive", Takes::Flag, "false")])
            .numbers(Numbers::PlainInside),
        Filter::new("min", || Value::from_function(stock::min))
            .about("The least element.")
            .example("{{ [3, 1] | min }}", "1")
            .takes(&[Parameter::named("attribute", Takes::Text, ""), Parameter::named("case_sensitive", Takes::Flag, "false")])
            .numbers(Numbers::PlainInside),
        Filter::new("money", || Value::from_function(money::money))
            .about("Smallest units as an amount.")
            .example("{{ record.cents | money }}", "\"12.34\"")
            .takes(&[Parameter::maybe("digits", Takes::Count, "2")])
            .natively(money::native),
        Filter::new("number", || Value::from_function(number::number))
            .about("A number printed like the example.")
            .example("{{ 1234567.891 | number('1.234,56') }}", "\"1.234.567,89\"")
            .takes(&[Parameter::always("example", Takes::Example)])
            .natively(number::native),
        Filter::new("omit", || Value::from_function(pick::omit))
            .about("A map without the keys that match.")
            .example("{{ record.brand | omit('cf_*') }}", "{\"name\":\"Acme\"}")
            .takes(&[Parameter::often("patterns", Takes::Text)]),
        Filter::new("or_null", || Value::from_function(or_null::or_null))
            .about("Sends null where nothing would be left out.")
            .example("{{ {'a': record.nothing | or_null} | json }}", "\"{\\\"a\\\":null}\"")
            .sees_nothing()
            .numbers(Numbers::AsWritten),
        Filter::new("parse_json", || Value::from_function(json::parse_json))
            .about("JSON text as a value.")
            .example("{{ (record.json | parse_json).a[1] }}", "2"),
        Filter::new("pick", || Value::from_function(pick::pick))
            .about("The keys of a map that match.")
            .example("{{ record.brand | pick('cf_*') }}", "{\"cf_color\":\"green\",\"cf_size\":2}")
            .takes(&[Parameter::often("patterns", Takes::Text)]),
        Filter::new("regex_replace", || Value::from_function(regex::replace))
            .about("The text with each match replaced; `$1` is the first group.")
            .example("{{ record.sku | regex_replace('(.)-(.+)', '$2$1') }}", "\"007A\"")
            .takes(&[Parameter::always("pattern", Takes::Pattern), Parameter::always("by", Takes::Any)])
            .natively(regex::native_replace),
        Filter::new("regex_search", || Value::from_function(regex::search))
            .about("The first match, or one of its groups; nothing where there is none.")
            .example("{{ record.sku | regex_search('[0-9]+') }}", "\"007\"")
            .takes(&[Parameter::always("pattern", Takes::Pattern), Parameter::maybe("group", Takes::Count, "0")])
            .natively(regex::native_search),
        Filter::new("reject", || Value::from_function(selectattr::reject))
            .about("The elements that do not pass a test.")
            .example("{{ [1, 2, 3] | reject('odd') }}", "[2]")
            .takes(&[Parameter::maybe("test", Takes::TestName, ""), Parameter::often("arguments", Takes::Any)]),
        Filter::new("rejectattr", || Value::from_function(selectattr::rejectattr))
            .about("The elements whose field does not pass a test.")
            .example("{{ record.sizes | rejectattr('stock') | map(attribute='name') }}", "[\"L\",\"XL\"]")
            .takes(&[Parameter::always("attribute", Takes::Text), Parameter::maybe("test", Takes::TestName, ""), Parameter::often("arguments", Takes::Any)]),
        Filter::new("replace", || Value::from_function(stock::replace))
            .about("The text with one text replaced by another, everywhere.")
            .example("{{ record.sku | replace('-', '/') }}", "\"A/007\"")
            .takes(&[Parameter::always("from", Takes::Any), Parameter::always("to", Takes::Any)])
            .natively(replace::native),
        Filter::new("reverse", || Value::from_function(stock::reverse))
            .about("From the last to the first.")
            .example("{{ [1, 2, 3] | reverse }}", "[3,2,1]"),
        Filter::new("round", || Value::from_function(stock::round))
            .about("A number rounded to so many digits behind the point.")
            .example("{{ 2.567 | round(1) }}", "2.6")
            .takes(&[Parameter::maybe("precision", Takes::Whole, "0"), Parameter::maybe("method", Takes::Word(&["common", "ceil", "floor"]), "'common'")])
            .natively(round::native),
        Filter::new("select", || Value::from_function(selectattr::select))
            .about("The elements that pass a test; without one those that are true.")
            .example("{{ [1, 2, 3] | select('odd') }}", "[1,3]")
            .takes(&[Parameter::maybe("test", Takes::TestName, ""), Parameter::often("arguments", Takes::Any)]),
        Filter::new("selectattr", || Value::from_function(selectattr::selectattr))
            .about("The elements whose field passes a test; without one is true.")
            .example("{{ record.sizes | selectattr('stock', 'eq', 0) | map(attribute='name') }}", "[\"L\"]")
            .takes(&[Parameter::always("attribute", Takes::Text), Parameter::maybe("test", Takes::TestName, ""), Parameter::often("arguments", Takes::Any)]),
        Filter::new("similar", || Value::from_function(similar::similar))
            .about("How alike two texts are, from 0 to 1; of long ones the first 1,000 letters. Case does not count.")
            .example("{{ 'Oak chair' | similar('oak chairs') }}", "0.9")
            .takes(&[Parameter::always("other", Takes::Text)]),
        Filter::new("slice", || Value::from_function(stock::slice))
            .about("So many lists of about one length.")
            .example("{{ [1, 2, 3] | slice(2) }}", "[[1,2],[3]]")
            .takes(&[Parameter::always("count", Takes::Positive), Parameter::maybe("fill_with", Takes::Any, "")]),
        Filter::new("slugify", || Value::from_function(slugify::slugify))
            .about("Text for an address: ASCII, small letters, dashes.")
            .example("{{ record.title | slugify }}", "\"groesse-l\"")
            .natively(slugify::native),
        Filter::new("sort", || Value::from_function(stock::sort))
            .about("A list in order.")
            .example("{{ [3, 1, 2] | sort }}", "[1,2,3]")
            .takes(&[Parameter::named("attribute", Takes::Text, ""), Parameter::named("case_sensitive", Takes::Flag, "false"), Parameter::named("reverse", Takes::Flag, "false")])
            .numbers(Numbers::PlainInside),
        Filter::new("split", || Value::from_function(stock::split))
            .about("A text cut at each `by`, at white space without it.")
            .example("{{ record.sku | split('-') }}", "[\"A\",\"007\"]")
            .takes(&[Parameter::maybe("by", Takes::Text, ""), Parameter::maybe("most", Takes::Whole, "")]),
        Filter::new("string", || Value::from_function(string::string))
            .about("A value as text.")
            .example("{{ record.cents | string }}", "\"1234\"")
            .numbers(Numbers::AsWritten)
            .natively(string::native),
        Filter::new("strip_tags", || Value::from_function(strip_tags::strip_tags))
            .about("HTML as text: entities decoded, white space folded.")
            .example("{{ record.html | strip_tags }}", "\"Soft & warm blue\"")
            .takes(&[Parameter::maybe("keep", Takes::Any, "")])
            .natively(strip_tags::native),
        Filter::new("sum", || Value::from_function(stock::sum))
            .about("The elements added up.")
            .example("{{ [3, 1] | sum }}", "4")
            .takes(&[Parameter::maybe("attribute", Takes::Text, ""), Parameter::maybe("start", Takes::Any, "0")])
            .numbers(Numbers::PlainInside),
        Filter::new("title", || Value::from_function(stock::title))
            .about("The first letter of each word large.")
            .example("{{ 'two words' | title }}", "\"Two Words\""),
        Filter::new("title_case", || Value::from_function(title_case::title_case))
            .about("Words with large letters, but for the small words of a language.")
            .example("{{ 'SHIRT FOR MEN' | title_case }}", "\"Shirt for Men\"")
            .takes(&[Parameter::maybe("language", Takes::Word(&title_case::LANGUAGES), "'en'")]),
        Filter::new("to_map", || Value::from_function(to_map::to_map))
            .about("A list of maps as one map: of one field by another.")
            .example("{{ record.sizes | to_map('name', 'stock') }}", "{\"S\":3,\"L\":0,\"XL\":null}")
            .takes(&[Parameter::always("key", Takes::Text), Parameter::always("value", Takes::Text)]),
        Filter::new("to_number", || Value::from_function(to_number::to_number))
            .about("Text as a number: `1.234,56` and `1,234.56`; `default` for nothing.")
            .example("{{ record.text_price | to_number }}", "1234.56")
            .takes(&[Parameter::maybe("default", Takes::Any, ""), Parameter::maybe("decimal", Takes::Sign, "")])
            .sees_nothing()
            .natively(to_number::native),
        Filter::new("trim", || Value::from_function(stock::trim))
            .about("The text without white space, or these characters, at both ends.")
            .example("{{ '  x ' | trim }}", "\"x\"")
            .takes(&[Parameter::maybe("chars", Takes::Text, "")])
            .natively(trim::native),
        Filter::new("truncate", || Value::from_function(truncate::truncate))
            .about("At most n characters, `end` included.")
            .example("{{ record.title | truncate(5, end='…') }}", "\"Größ…\"")
            .takes(&[Parameter::always("n", Takes::Count), Parameter::maybe("end", Takes::Text, "''")])
            .natively(truncate::native),
        Filter::new("unit", || Value::from_function(amounts::unit))
            .about("A value with its unit; nothing for empty text.")
            .example("{{ record.stock | unit('kg') }}", "\"7 kg\"")
            .takes(&[Parameter::always("unit", Takes::Text)])
            .numbers(Numbers::AsWritten),
        Filter::new("unique", || Value::from_function(stock::unique))
            .about("Each element once.")
            .example("{{ ['b', 'a', 'b'] | unique }}", "[\"b\",\"a\"]")
            .takes(&[Parameter::named("attribute", Takes::Text, ""), Parameter::named("case_sensitive", Takes::Flag, "false")])
            .numbers(Numbers::PlainInside),
        Filter::new("upper", || Value::from_function(stock::upper))
            .about("Large letters.")
            .example("{{ record.title | upper }}", "\"GRÖSSE L\"")
            .natively(case::upper),
        Filter::new("urlencode", || Value::from_function(urlencode::urlencode))
            .about("Text for an address, encoded.")
            .example("{{ 'a/b c&ü' | urlencode }}", "\"a%2Fb%20c%26%C3%BC\"")
            .natively(urlencode::native),
        Filter::new("zip", || Value::from_function(stock::zip))
            .about("Lists side by side.")
            .example("{{ [1, 2] | zip(['a', 'b']) }}", "[[1,\"a\"],[2,\"b\"]]")
            .takes(&[Parameter::often("lists", Takes::Any)]),
];
