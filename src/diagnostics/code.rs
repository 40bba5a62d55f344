//! The kinds of mistakes, warnings and hints: each has a code, by which it is explained.

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The spec is refused.
    Error,
    /// It runs, and something is suspicious.
    Warning,
    /// It is allowed, and may not be meant; told by `check` alone.
    Hint,
}

impl Severity {
    /// Its word in messages and documents.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        }
    }
}

macro_rules! codes {
    ($($name:ident $word:literal $severity:ident $about:literal;)*) => {
        /// What kind of mistake, warning or hint this is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $about] $name,)*
        }

        impl Code {
            /// All codes, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its word: lower-case letters and dashes.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it says and why, in a sentence or two.
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)* }
            }

            /// How much it weighs.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    Unreadable "unreadable" Error "The file can't be read.";
    Yaml "yaml" Error "The text is no YAML: nothing in it can be read.";
    UnquotedTemplate "unquoted-template" Error "A template without quotes is a YAML map, as YAML gives braces a meaning of their own.";
    DuplicateKey "duplicate-key" Error "A key is there twice, and only one of them could count.";
    UnknownKey "unknown-key" Error "The language has no such key, or not here.";
    OtherMode "other-mode" Error "The key belongs to another mode.";
    MissingKey "missing-key" Error "Something that is needed is not there.";
    WrongType "wrong-type" Error "Text, a number, a list or a map stands where something else belongs.";
    WrongValue "wrong-value" Error "The value is none of those that are allowed here.";
    OneChoice "one-choice" Error "A choice is a map with one key, and here are several, or none.";
    TemplateSyntax "template-syntax" Error "What stands in the braces is no expression of the template language.";
    UnknownName "unknown-name" Error "No such name is seen here: it is misspelt, comes later, or belongs to another place.";
    UnknownField "unknown-field" Error "The name is known, and the spec says that it has no such field.";
    UnknownFilter "unknown-filter" Error "There is no such filter, test, function or method.";
    Argument "argument" Error "A filter, test, function or method is called with what it does not take.";
    TextBesideNumber "text-beside-number" Error "Cells and options are text, which has no order beside a number and never equals one.";
    PasswordShown "password-shown" Error "A password would be written into a row, a log or a message.";
    Refused "refused" Error "Each part is well written, and together they can't be meant.";
    UnreadOption "unread-option" Warning "People fill in an option that nothing reads.";
    SinceUnused "since-unused" Warning "`incremental` remembers a value that no request sends, so that every run reads everything.";
    PagesHeld "pages-held" Hint "The mapping reads the body of the answer, so that each page is held in memory as a whole.";
    NoRowCanFail "no-row-can-fail" Warning "By these results every row is ok, whatever the channel says.";
    ItemUnsent "item-unsent" Warning "`item` is made for each row, and no request sends it.";
    TokenUnkept "token-unkept" Warning "Each refresh gives a new token, and nothing keeps it for the next run.";
    NoTemplate "no-template" Warning "The text looks like a template and is none: it goes out as it stands.";
    NotOnTape "not-on-tape" Warning "The tape beside the spec has records and answers, and none of them has this field, or it is text there where a number is needed.";
    TapeUnread "tape-unread" Warning "The tape beside the spec can't be read, or does not answer what the spec asks by now, so that fields are known from a part of it or from none.";
    OddCharacter "odd-character" Warning "A character is there that looks like another, or like nothing: a curly quote, a no-break space, a letter of no width.";
    TextDecides "text-decides" Hint "The text of a column or option decides without a comparison: only a few words of it are false.";
}

impl Code {
    /// The code with this word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.word() == word)
    }
}
