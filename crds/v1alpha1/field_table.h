#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "crds/base/document.h"
#include "crds/v1alpha1/field_reader.h"
#include "crds/v1alpha1/schema.h"

namespace slipway {

/// How the values of one type are read, written and described; `value` points to one of that type.
struct ValueCodec {
  Schema (*schema)();
  void (*read)(const Node& node, const FieldInfo& info, FieldReader& reader, void* value);
  std::optional<Node> (*write)(const void* value);
  Node (*write_empty)(const void* value);
};

/// Where the member of a struct is, whatever their types.
class MemberPlace {
 public:
  template <class T, class M>
  explicit MemberPlace(M T::* member)
      : member_(std::bit_cast<Bytes>(member)), find_([](const void* object, const Bytes& bytes) -> const void* {
          return &(static_cast<const T*>(object)->*std::bit_cast<M T::*>(bytes));
        }) {}

  const void* in(const void* object) const { return find_(object, member_); }
  void* in(void* object) const { return const_cast<void*>(find_(object, member_)); }

 private:
  struct Any;
  using Bytes = std::array<std::byte, sizeof(int Any::*)>;

  Bytes member_;
  const void* (*find_)(const void* object, const Bytes& member);
};

/// The fields of a struct. It knows neither the struct nor the members' types, so that it is compiled once: Binding is
/// how it is used.
class FieldTable {
 public:
  /// `codec` outlives the table.
  void add(std::string_view name, MemberPlace place, const FieldInfo& info, const ValueCodec& codec);
  void ignore(std::vector<std::string_view> names) { ignored_ = std::move(names); }
  void exactly_one_of(std::vector<std::string_view> names);
  void rule(SchemaRule rule) { rules_.push_back(std::move(rule)); }

  void read(const Node& node, FieldReader& reader, void* object) const;
  Node write(const void* object) const;
  std::vector<std::string_view> changed_for_good(const void* before, const void* now) const;
  Schema schema() const;

 private:
  struct Field {
    std::string_view name;
    MemberPlace place;
    Schema schema;
    const ValueCodec* codec;
    std::shared_ptr<const Pattern> pattern = {};  ///< Shared with the tables that this one is copied into.

    std::optional<Node> write(const void* object) const;
  };

  void read_member(const Node::Member& member, FieldReader& reader, void* object) const;

  std::vector<Field> fields_;
  std::vector<std::string_view> ignored_;
  std::vector<std::vector<std::string_view>> choices_;
  std::vector<SchemaRule> rules_;
};

}  // namespace slipway
