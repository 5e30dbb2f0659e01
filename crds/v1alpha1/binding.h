#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crds/v1alpha1/codec.h"
#include "crds/v1alpha1/field_table.h"

namespace slipway {

/// A Codec of T as the table of fields takes it.
template <class Of, class T>
struct ErasedCodec {
  static void read(const Node& node, const FieldInfo& info, FieldReader& reader, void* value) {
    Of::read(node, info, reader, *static_cast<T*>(value));
  }
  static std::optional<Node> write(const void* value) { return Of::write(*static_cast<const T*>(value)); }
  static Node write_empty(const void* value) { return Of::write_empty(*static_cast<const T*>(value)); }
  static constexpr ValueCodec kCodec{&Of::schema, &read, &write, &write_empty};
};

/// Of a T whose fields are bound by `Table::get()`.
template <class Table, class T>
struct BoundCodec {
  static void read(const Node& node, const FieldInfo& /*info*/, FieldReader& reader, T& value) {
    Table::get().read(node, reader, value);
  }
  static std::optional<Node> write(const T& value) {
    Node node = Table::get().write(value);
    if (node.members.empty()) return std::nullopt;
    return node;
  }
  static Node write_empty(const T& value) { return Table::get().write(value); }
  static Schema schema() { return Table::get().schema(); }
};
template <class Table, class T>
struct BoundCodec<Table, std::optional<T>> : OptionalCodec<T, std::optional<T>, BoundCodec<Table, T>> {};

/// Ties the fields of a resource to the members of the struct `T`: each is named and described once, and from that it
/// is read, written and put into the API server's schema.
template <class T>
class Binding {
 public:
  template <class M>
  Binding& field(std::string_view name, M T::* member, const FieldInfo& info) {
    fields_.add(name, MemberPlace(member), info, ErasedCodec<Codec<M>, M>::kCodec);
    return *this;
  }
  /// A field whose struct is bound by `Table::get()`, in another way than its type is elsewhere.
  template <class Table, class M>
  Binding& field_bound_by(std::string_view name, M T::* member, const FieldInfo& info) {
    fields_.add(name, MemberPlace(member), info, ErasedCodec<BoundCodec<Table, M>, M>::kCodec);
    return *this;
  }

  /// Fields that others write there: passed over, whatever is in them.
  Binding& ignore(std::vector<std::string_view> names) {
    fields_.ignore(std::move(names));
    return *this;
  }
  /// Exactly one of the fields is given; for the schema as well as for the reader.
  Binding& exactly_one_of(std::vector<std::string_view> names) {
    fields_.exactly_one_of(std::move(names));
    return *this;
  }
  /// A rule that only the schema carries; the validation in C++ has its twin.
  Binding& rule(std::string cel, std::string message) { return rule({std::move(cel), std::move(message)}); }
  Binding& rule(SchemaRule rule) {
    fields_.rule(std::move(rule));
    return *this;
  }
  Binding& rules(std::vector<SchemaRule> rules) {
    for (SchemaRule& one : rules) fields_.rule(std::move(one));
    return *this;
  }

  void read(const Node& node, FieldReader& reader, T& object) const { fields_.read(node, reader, &object); }
  Node write(const T& object) const { return fields_.write(&object); }
  /// The fields that may not change and differ.
  std::vector<std::string_view> changed_for_good(const T& before, const T& now) const {
    return fields_.changed_for_good(&before, &now);
  }
  Schema schema() const { return fields_.schema(); }

 private:
  FieldTable fields_;
};

/// Specialised for each struct of the model: `static const Binding<T>& get()`.
template <class T>
struct Bound;

template <class T>
  requires requires { Bound<T>::get(); }
struct Codec<T> : BoundCodec<Bound<T>, T> {};

}  // namespace slipway
