//! Types of the language read from the tree, with the place of each part that can be wrong.
//!
//! serde's data model has no places, so a node is handed over beside it: who asks for a [`Node`] gets
//! the one that is being read. Scalars are `serde_yaml`'s.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, Visitor};

use super::tree::{Entry, Node, NodeValue, Scalar, scalar_to_yaml};

/// Why a tree is no such type.
type Error = serde_yaml::Error;

/// Reads a type of the language from a node.
pub fn read<'de, T: Deserialize<'de>>(node: &'de Node) -> Result<T, Error> {
    T::deserialize(Reader(node))
}

/// A part of the language with its place.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// Bytes of it in the source.
    pub span: Range<usize>,
    /// What stands there.
    pub value: T,
}

impl<T> Placed<T> {
    /// Whether somebody wrote it.
    pub fn is_said(&self) -> bool {
        !self.span.is_empty()
    }
}

impl Placed<bool> {
    /// The same where it is true.
    pub fn if_true(&self) -> Option<&Self> {
        self.value.then_some(self)
    }
}

/// What nobody wrote stands nowhere.
impl<T: Default> Default for Placed<T> {
    fn default() -> Self {
        Self {
            span: 0..0,
            value: T::default(),
        }
    }
}

impl<T: serde::Serialize> serde::Serialize for Placed<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<T> Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: de::DeserializeOwned> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Node::deserialize(deserializer)?;
        Ok(Self {
            value: read(&node).map_err(de::Error::custom)?,
            span: node.span,
        })
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// What has a place in the source.
pub trait HasPlace {
    /// Its bytes.
    fn place(&self) -> Range<usize>;
}

impl HasPlace for Range<usize> {
    fn place(&self) -> Range<usize> {
        self.clone()
    }
}

impl HasPlace for Node {
    fn place(&self) -> Range<usize> {
        self.span.clone()
    }
}

impl HasPlace for Key {
    fn place(&self) -> Range<usize> {
        self.span.clone()
    }
}

impl<T> HasPlace for Placed<T> {
    fn place(&self) -> Range<usize> {
        self.span.clone()
    }
}

/// A type that is a node as it was written.
macro_rules! is_node {
    ($($name:ident),+ $(,)?) => {$(
        impl ::std::ops::Deref for $name {
            type Target = $crate::spec::tree::Node;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl $crate::spec::places::HasPlace for $name {
            fn place(&self) -> ::std::ops::Range<usize> {
                self.0.span.clone()
            }
        }
    )+};
}
pub(crate) use is_node;

/// A key that its author chose, with its place.
#[derive(Debug, Clone)]
pub struct Key {
    /// Bytes of it in the source.
    pub span: Range<usize>,
    /// The key.
    pub text: String,
}

/// Values under keys that their author chose, in written order.
pub type Keyed<T> = IndexMap<Key, T>;

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Node::deserialize(deserializer)?;
        let text = node.as_text().unwrap_or_default().to_owned();
        Ok(Self {
            span: node.span,
            text,
        })
    }
}

impl serde::Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl JsonSchema for Key {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

/// A choice by what stands there: a scalar, a list or a map.
macro_rules! by_shape {
    ($name:ident { $($shape:ident => $variant:ident),+ $(,)? }) => {
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let node = $crate::spec::tree::Node::deserialize(deserializer)?;
                let read = match &node.value {
                    $($crate::spec::tree::NodeValue::$shape(_) => {
                        $crate::spec::places::read(&node).map(Self::$variant)
                    })+
                    _ => Err(::serde::de::Error::custom(concat!("no ", stringify!($name)))),
                };
                read.map_err(::serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use by_shape;

/// The name by which a node is asked for.
const NODE: &str = "$node";

thread_local! {
    /// The node that is handed over to who asks for it, at once.
    static HANDED: RefCell<Option<Node>> = const { RefCell::new(None) };
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Taker;
        impl Visitor<'_> for Taker {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a node of a spec's tree")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
                let handed = HANDED.take();
                handed.ok_or_else(|| E::custom("no node was handed over"))
            }
        }
        deserializer.deserialize_newtype_struct(NODE, Taker)
    }
}

/// Reads a node.
#[derive(Clone, Copy)]
struct Reader<'de>(&'de Node);

impl<'de> IntoDeserializer<'de, Error> for Reader<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A key as a node of its own.
struct KeyReader<'de>(&'de Entry);

impl<'de> IntoDeserializer<'de, Error> for KeyReader<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for KeyReader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(&self.0.key)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == NODE {
            HANDED.set(Some(Node {
                span: self.0.key_span.clone(),
                value: NodeValue::Scalar(Scalar::text(self.0.key.clone())),
            }));
            return visitor.visit_unit();
        }
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> Reader<'de> {
    fn entries(self, are_wanted: impl Fn(&str) -> bool) -> Vec<(KeyReader<'de>, Self)> {
        let entries = self.0.entries().iter();
        entries
            .filter(|entry| are_wanted(&entry.key))
            .map(|entry| (KeyReader(entry), Self(&entry.value)))
            .collect()
    }

    fn scalar(self) -> serde_yaml::Value {
        match &self.0.value {
            NodeValue::Scalar(scalar) => scalar_to_yaml(scalar),
            NodeValue::List(_) | NodeValue::Map(_) | NodeValue::Refused => serde_yaml::Value::Null,
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            NodeValue::Scalar(_) | NodeValue::Refused => self.scalar().deserialize_any(visitor),
            NodeValue::List(items) => {
                visitor.visit_seq(SeqDeserializer::new(items.iter().map(Reader)))
            }
            NodeValue::Map(_) => {
                visitor.visit_map(MapDeserializer::new(self.entries(|_| true).into_iter()))
            }
        }
    }

    /// What stands there is there, `null` too: a template may be nothing.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == NODE {
            HANDED.set(Some(self.0.clone()));
            return visitor.visit_unit();
        }
        visitor.visit_newtype_struct(self)
    }

    /// The fields of this type: other types may be read from the same map.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let entries = self.entries(|key| fields.contains(&key));
        visitor.visit_map(MapDeserializer::new(entries.into_iter()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.scalar().deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}
