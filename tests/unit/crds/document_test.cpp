#include "crds/base/document.h"
#include "crds/base/make_node.h"
#include "crds/base/read_document.h"

#include "tests/catch.h"

namespace slipway {

namespace {

std::vector<std::string> problems_of(const std::vector<Document>& documents) {
  std::vector<std::string> texts;
  for (const auto& document : documents)
    for (const auto& problem : document.problems) texts.push_back(to_string(problem));
  return texts;
}

/// The documents as JSON, one a line; problems in words.
std::string read(std::string_view text) {
  std::string out;
  for (const auto& document : parse_documents(text, "f")) {
    if (!out.empty()) out += '\n';
    if (document.problems.empty()) out += to_json_text(document.root);
    for (const auto& problem : document.problems) out += to_string(problem);
  }
  return out;
}

}  // namespace

TEST_CASE("a map has no room for what is not in it: hostile texts are made of small ones") {
  const Document document = parse_json(R"({"a":{"b":{}}})", "f");
  REQUIRE(document.root.members.size() == 1);
  CHECK(document.root.members.capacity() == 1);
  CHECK(document.root.members[0].value.members.capacity() == 1);
}

TEST_CASE("scalars are typed as kubectl types them") {
  CHECK(read("a: 1.10") == R"({"a":1.1})");
  CHECK(read("a: \"1.10\"") == R"({"a":"1.10"})");
  CHECK(read("a: '1'") == R"({"a":"1"})");
  CHECK(read("a: |\n  1\n") == R"({"a":"1\n"})");
  CHECK(read("a: 0x1F") == R"({"a":31})");
  CHECK(read("a: 010") == R"({"a":8})");
  CHECK(read("a: 1_000") == R"({"a":1000})");
  CHECK(read("a: -7") == R"({"a":-7})");
  CHECK(read("a: 1e3") == R"({"a":1000})");
  CHECK(read("a: -0e3") == R"({"a":-0.0})");
  CHECK(read("a: true") == R"({"a":true})");
  CHECK(read("a: yes") == R"({"a":true})");
  CHECK(read("a: off") == R"({"a":false})");
  CHECK(read("a: y") == R"({"a":true})");
  CHECK(read("a: N") == R"({"a":false})");
  CHECK(read("a: \"n\"") == R"({"a":"n"})");
  CHECK(read("a: yy") == R"({"a":"yy"})");
  CHECK(read("a: ~") == R"({"a":null})");
  CHECK(read("a:") == R"({"a":null})");
  CHECK(read("a: 2026-11-24") == R"({"a":"2026-11-24"})");
  CHECK(read("a: 2026-11-24T09:00:00Z") == R"({"a":"2026-11-24T09:00:00Z"})");
  CHECK(read("a: 4f2a91c0") == R"({"a":"4f2a91c0"})");
  for (const std::string text : {"1e999", "-1e999", ".inf", "-.Inf", ".nan"})
    CHECK(read("a: " + text) == "f:1:4: a: \"" + text + "\" is no number that JSON has; quote it if it is a text");
  CHECK(read("a: \".inf\"") == R"({"a":".inf"})");
  CHECK(read("a: 99999999999999999999") == R"({"a":1e+20})");
  CHECK(read("a: -") == "f:1:4: a '-' stands where no list can be; put the list on lines of its own");
  CHECK(read("1: a\ntrue: b") == R"({"1":"a","true":"b"})");
}

TEST_CASE("a number keeps the text that was written") {
  const auto documents = parse_documents("v: 1.10", "f");
  REQUIRE(documents.size() == 1);
  const Node* value = documents[0].root.find("v");
  REQUIRE(value != nullptr);
  CHECK(value->kind == Node::Kind::Number);
  CHECK(value->text == "1.10");
  CHECK(value->place == Place{1, 4});
}

TEST_CASE("one broken document does not lose the others") {
  CHECK(read("a: 1\n---\nb: [1\n---\nc: 3\n") == "{\"a\":1}\nf:4:1: a '[' has no ']'; close it\n{\"c\":3}");
}

TEST_CASE("places are those of the whole file") {
  const auto documents = parse_documents("# head\n---\na: 1\n---\n\nb:\n  - c: x\n", "f");
  REQUIRE(documents.size() == 2);
  CHECK(documents[1].root.members[0].place == Place{6, 1});
  CHECK(documents[1].root.find("b")->items[0].find("c")->place == Place{7, 8});
}

TEST_CASE("streams are split where YAML splits them") {
  CHECK(read("") == "");
  CHECK(read("# nothing\n---\n# nothing\n---\n") == "");
  CHECK(read("%YAML 1.2\n---\na: 1\n") == R"({"a":1})");
  CHECK(read("--- {a: 1}\n--- # note\nb: 2\n...\n") == "{\"a\":1}\n{\"b\":2}");
  CHECK(read("a: |\n  x\n  --- y\n") == R"({"a":"x\n--- y\n"})");
  CHECK(read("a: 1\r\n---\r\nb: 2\r\n") == "{\"a\":1}\n{\"b\":2}");
  CHECK(read("a: 1\n---x: 2\n") != "{\"a\":1}\n{\"x\":2}");
  CHECK(read("\xEF\xBB\xBF"
             "a: 1") == R"({"a":1})");
  CHECK(read("{a: 1}\n---\n{b: 2}") == "{\"a\":1}\n{\"b\":2}");
}

TEST_CASE("keys stand once") {
  CHECK(read("a: 1\na: 2") == "f:2:1: a: the key stands here a second time; keep one of the two");
  CHECK(read("s:\n  t:\n  - x: 1\n    x: 2") ==
        "f:4:5: s.t[0].x: the key stands here a second time; keep one of the two");
  CHECK(read(R"({"a":1,"b":{"c":1,"c":2}})") == "f:1:19: b.c: the key stands here a second time; keep one of the two");
}

TEST_CASE("what is refused for its values alone is read all the same, the first of two") {
  using Row = std::pair<std::string, std::string>;
  const auto& [text, rest] = GENERATE(values<Row>({
      {"a: {b: 1}\na: {b: 2, b: 3}\nc: [.inf, 1]", R"({"a":{"b":1},"c":[".inf",1]})"},
      {"a: 1\na: &x {y: 2}\nb: *x", R"({"a":1,"b":{"y":2}})"},
      {R"({"a":1,"a":{"b":[1]},"c":2})", R"({"a":1,"c":2})"},
      {"a: 1\na: 2\nb: b: c", "null"},
      {"a: 1\na: " + std::string(70, '['), "null"},
  }));
  const auto documents = read_documents(text, "f");
  REQUIRE(documents.size() == 1);
  CHECK_FALSE(documents[0].document.problems.empty());
  CHECK(documents[0].document.root.kind == Node::Kind::Null);
  CHECK(to_json_text(documents[0].refused) == rest);
}

TEST_CASE("of a key that stands twice far inside, the end of the path is told") {
  std::string text;
  for (int level = 0; level < 60; ++level) text += "{\"" + std::string(320, 'k') + "\":";
  text += R"([{"a":1,"a":2}])" + std::string(60, '}');
  const std::string step = '.' + std::string(320, 'k');
  const auto problems = read_documents(text, "f.json").at(0).document.problems;
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].field == "…" + step + step + step + "[0].a");
}

TEST_CASE("a key that stands again and again is told a hundred times, and counted") {
  std::string text = "{\"a\":1";
  for (int i = 0; i < 250; ++i) text += ",\"a\":1";
  const auto documents = read_documents(text + "}", "f.json");
  CHECK(documents.at(0).document.problems.size() == 100);
  CHECK(documents.at(0).document.more_problems == 150);
}

TEST_CASE("keys stand once in a map of any size") {
  const int keys = GENERATE(1, 2, 15, 16, 17, 40);
  const int twice = GENERATE(0, 1, 15, 16, 17, 39);
  std::string text = "{";
  for (int number = 0; number < keys; ++number) text += "\"k" + std::to_string(number) + "\":1,";
  text += "\"k" + std::to_string(twice) + "\":2}";
  const bool stands_twice = twice < keys;
  CHECK((read(text).find("stands here a second time") != std::string::npos) == stands_twice);
}

TEST_CASE("two resources without a line between them are told of it") {
  CHECK(read("kind: A\nkind: B") ==
        "f:2:1: kind: the key stands here a second time; put a line --- between two resources, or keep one of the "
        "two");
  CHECK(read("a:\n  kind: A\n  kind: B") == "f:3:3: a.kind: the key stands here a second time; keep one of the two");
}

TEST_CASE("hostile YAML is refused in words") {
  CHECK(read("a: !!binary x") ==
        "f:1:4: the tag \"tag:yaml.org,2002:binary\" is not supported; write the value without a tag");
  CHECK(read("a: &x {b: 1}\nc:\n  <<: *x") ==
        "f:3:3: merge keys (\"<<\") are not part of YAML 1.2; write the fields out");
  CHECK(read("a: *x").find("an alias names an anchor that is not defined") != std::string::npos);
  CHECK(read("a: &x 1\nb: *x") == R"({"a":1,"b":1})");
  CHECK(read("a: b: c") == "f:1:5: a ':' stands where no value can start; quote a text that has \": \" in it");
  CHECK(read("template: {{version}}") ==
        "f:1:12: a list or map stands where a key is expected; quote a text that begins with { or [");
  CHECK(read("{a: 1} b").find("f:1:") == 0);
  CHECK(read(std::string("a: \0b", 5)) == "f:1:4: there is a NUL byte; save the file as UTF-8 text");
  CHECK(read("a: \xff") == "f:1:4: this byte is not UTF-8; save the file as UTF-8");
  CHECK(read(std::string("\xFF\xFE"
                         "a\0",
                         4)) == "f:1:1: the file is UTF-16; save it as UTF-8");
}

TEST_CASE("a tab that indents is named as what is wrong, where it stands") {
  const auto said = [](const std::string& place) {
    return "f:" + place + ": a tab is used to indent, which YAML forbids; indent with spaces";
  };
  CHECK(read("a:\n\tb: 2") == said("2:1"));
  CHECK(read("a: 1\n\tb: 2") == said("2:1"));
  CHECK(read("a:\n  b: 1\n\tc: 2") == said("3:1"));
  CHECK(read("a:\n  b:\n  \t- c\n") == said("3:3"));
  CHECK(read("a:\n  b:\n\t- c: 1\n\t  d: 2\n") == said("3:1"));
  CHECK(read("x: 1\n---\na:\n\tb: 2") == "{\"x\":1}\n" + said("4:1"));
  CHECK(read("a: |\n  b\n  \tc\n") == R"({"a":"b\n\tc\n"})");
  CHECK(read("a: |\n  b\n  \tc\nd: e: f\n") ==
        "f:4:5: a ':' stands where no value can start; quote a text that has \": \" in it");
}

TEST_CASE("a field that is indented too deep is named as that, not as a ':' to quote") {
  const auto said = [](const std::string& place) {
    return "f:" + place +
           ": this line is indented deeper than the one above, which has a value already; indent the fields of one map "
           "alike; quote a text of several lines that has \": \" in it";
  };
  CHECK(read("spec:\n  repository: team/app\n   environment: staging\n") == said("3:4"));
  CHECK(read("spec:\r\n  repository: team/app\r\n   environment: staging\r\n") == said("3:4"));
  CHECK(read("spec:\n  repository: team/app\n   source:\n     tag: x\n") == said("3:4"));
  CHECK(read("spec:\n  repository: team/app\n\n   environment: staging\n") == said("4:4"));
  CHECK(read("tags:\n  - name: a\n     template: b\n") == said("3:6"));
  CHECK(read("x: 1\n---\na: b c\n  d: e\n") == "{\"x\":1}\n" + said("4:3"));
  CHECK(read("a: b c\n" + std::string(1'000'000, '\n') + "  d: e\n") == said("1000002:3"));
  const std::string quote = ": a ':' stands where no value can start; quote a text that has \": \" in it";
  CHECK(read("spec:\n  reason: look: here\n") == "f:2:15" + quote);
  CHECK(read("- name: a\n  reason: look: here\n") == "f:2:15" + quote);
}

TEST_CASE("depth and aliases cannot cost more than the bounds") {
  CHECK(read(std::string(100'000, '[')).find("nested more than 64") != std::string::npos);
  std::string deep = "a: ";
  for (int i = 0; i < 70; ++i) deep += "{b: ";
  CHECK(read(deep).find("nested more than 64") != std::string::npos);
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  CHECK(read(bomb).find("there are more than 200000 values; split the file, and mind aliases") != std::string::npos);
}

TEST_CASE("what is kept for aliases counts, and the text that they repeat") {
  std::string nested;
  for (int i = 0; i < 60; ++i) nested += "&a" + std::to_string(i) + " [";
  nested += "x";
  for (int i = 0; i < 5'000; ++i) nested += ",x";
  nested += std::string(60, ']');
  CHECK(read(nested).find("there are more than 200000 values") != std::string::npos);
  std::string wide = "a: &a \"" + std::string(1000, 'x') + "\"\nb: [*a";
  for (int i = 0; i < 100; ++i) wide += ", *a";
  wide += "]";
  const auto documents = parse_documents(wide, "f", {.bytes = 20'000});
  REQUIRE(documents.size() == 1);
  REQUIRE(documents[0].problems.size() == 1);
  CHECK(documents[0].problems[0].message == "there are more than 20000 bytes of text");
}

TEST_CASE("the bound on values is that of the whole stream") {
  const auto documents = parse_documents("a: [1, 2]\n---\na: [1, 2, 3]\n---\na: 1\n---\na: 1\n", "f", {.nodes = 7});
  REQUIRE(documents.size() == 4);
  CHECK(documents[0].problems.empty());
  CHECK(documents[1].problems.size() == 1);
  CHECK(documents[2].problems.empty());
  CHECK(documents[3].problems.size() == 1);
}

TEST_CASE("a stream has a bound on documents, however little is in them") {
  const std::string one = GENERATE(values<std::string>({"---\na: 1\n", "---\nnull\n"}));
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += one;
  const auto whole = parse_documents(text, "f");
  REQUIRE(whole.size() == (one.contains("null") ? 0 : 20'000));
  for (int i = 0; i < 100'000; ++i) text += one;
  const auto more = parse_documents(text, "f");
  REQUIRE(more.size() == whole.size() + 1);
  REQUIRE(more.back().problems.size() == 1);
  CHECK_THAT(to_string(more.back().problems.front()),
             Catch::Contains("f:40001:1: the file has more than 20,000 documents"));
}

TEST_CASE("of very many problems the first are kept and the others counted") {
  std::string text = "a: 1\n";
  for (int i = 0; i < 1000; ++i) text += "a: 1\n";
  const auto documents = parse_documents(text, "f");
  REQUIRE(documents.size() == 1);
  CHECK(documents[0].problems.size() == 100);
  CHECK(documents[0].more_problems == 900);
}

TEST_CASE("JSON has exact places") {
  const auto document = parse_json("{\n  \"a\": [1, {\"b\\\"\": \"x:,y\"}],\n  \"c\": -1.5e2\n}", "f");
  REQUIRE(document.problems.empty());
  const Node* list = document.root.find("a");
  CHECK(list->place == Place{2, 8});
  CHECK(list->items[0].place == Place{2, 9});
  CHECK(list->items[1].members[0].place == Place{2, 13});
  CHECK(list->items[1].members[0].value.place == Place{2, 20});
  CHECK(document.root.find("c")->place == Place{3, 8});
  CHECK(document.root.find("c")->text == "-1.5e2");
}

TEST_CASE("broken JSON says where") {
  CHECK(problems_of({parse_json("{\"a\": 1,}", "f")}).front().find("f:1:9: this is not JSON") == 0);
  CHECK(problems_of({parse_json("", "f")}).size() == 1);
  CHECK(problems_of({parse_json("{} x", "f")}).size() == 1);
  CHECK(problems_of({parse_json(std::string("{}\n\0 x", 6), "f")}) ==
        std::vector<std::string>{"f:2:1: there is a NUL byte; save the file as UTF-8 text"});
  CHECK(problems_of({parse_json("{\"a\": 1e999}", "f")}).size() == 1);
  CHECK(problems_of({parse_json(std::string(100'000, '['), "f")}).front().find("nested more than 64") !=
        std::string::npos);
}

TEST_CASE("a text is escaped where JSON asks for it or YAML would read something else, and nowhere else") {
  const auto written = [](std::string_view text) { return to_json_text(string_node(text)); };
  CHECK(written("") == R"("")");
  CHECK(written(" a/b~") == R"(" a/b~")");
  CHECK(written("say \"a\\b\"") == R"("say \"a\\b\"")");
  CHECK(written("a\tb\n\x1f") == R"("a\tb\n\u001f")");
  CHECK(written("\u00a0 \u00fc \u20ac \U0001f600 \ufffd") == "\"\u00a0 \u00fc \u20ac \U0001f600 \ufffd\"");
  CHECK(written("\x7f \xc2\x80 \xc2\x85 \xc2\x9f") == R"("\u007f \u0080 \u0085 \u009f")");
  CHECK(written("\u2028 \u2029 \ufeff \ufffe \uffff") == R"("\u2028 \u2029 \ufeff \ufffe \uffff")");
  CHECK(written("a\xff") == "\"a\uFFFD\"");
}

TEST_CASE("of a shallow map the keys of its values are kept, and nothing below") {
  const auto read_shallow = [](std::string_view text) {
    const Document document = parse_json(text, "f", {.shallow = "s"});
    return document.problems.empty() ? to_json_text(document.root) : to_string(document.problems.front());
  };
  struct Row {
    std::string text, kept;
  };
  const auto [text, kept] = GENERATE(values({
      Row{R"({"s":{"a":{"b":{"c":{"d":1},"e":[{}]},"f":2},"g":3},"h":{"i":{"j":{"k":{}}}}})",
          R"({"s":{"a":{"b":{},"f":2},"g":3},"h":{"i":{"j":{"k":{}}}}})"},
      Row{R"([{"s":{"a":{"b":{"c":1}}}},{"s":{"a":{"b":[1,[2]]}}},{"t":{"a":{"b":{"c":1}}}}])",
          R"([{"s":{"a":{"b":{}}}},{"s":{"a":{"b":[]}}},{"t":{"a":{"b":{"c":1}}}}])"},
      // Whatever is under that key ends with it.
      Row{R"({"s":1,"h":{"i":{"j":{"k":1}}}})", R"({"s":1,"h":{"i":{"j":{"k":1}}}})"},
      Row{R"({"s":[[[1]],2],"h":{"i":{"j":{"k":1}}}})", R"({"s":[[[]],2],"h":{"i":{"j":{"k":1}}}})"},
      Row{R"({"s":{},"h":{"i":{"j":{"k":1}}}})", R"({"s":{},"h":{"i":{"j":{"k":1}}}})"},
      Row{R"({"s":{"a":{"s":{"a":{"b":1}}}},"h":{"i":{"j":{"k":1}}}})",
          R"({"s":{"a":{"s":{}}},"h":{"i":{"j":{"k":1}}}})"},
      Row{R"({"s":{"a":{"b":{"c":}}}})",
          "f:1:21: this is not JSON: unexpected '}'; expected '[', '{', or a literal; check quotes, commas and "
          "brackets "
          "around here"},
  }));
  CHECK(read_shallow(text) == kept);
}

TEST_CASE("the bounds of a caller hold") {
  const DocumentLimits small{.bytes = 10, .depth = 64, .nodes = 4};
  CHECK(problems_of(parse_documents("a: 1234567", "f", {.bytes = 10, .depth = 64, .nodes = 4})).empty());
  CHECK(problems_of(parse_documents("a: 12345678", "f", small)).size() == 1);
  CHECK(problems_of(parse_documents("[1, 2, 3]", "f", small)).empty());
  CHECK(problems_of(parse_documents("[1,2,3,4]", "f", small)).size() == 1);
}

TEST_CASE("a problem is one line without control characters, whatever the names in it are") {
  const Problem problem{.file = "a\nb.yaml",
                        .place = {.line = 1, .column = 2},
                        .field = "spec.unk\nnown\x1b[31m",
                        .message = "is unknown",
                        .expected = "remove\rit",
                        .reason = "Invalid",
                        .warning = false};
  CHECK(to_string(problem) == "a\\nb.yaml:1:2: spec.unk\\nnown\\x1b[31m: is unknown; remove\\rit");
}

TEST_CASE("a file that begins as a template of Helm is told to be one") {
  for (const std::string text :
       {"{{- if .Values.rbac }}\napiVersion: v1\n{{- end }}\n", "\n  {{ template \"x\" . }}\n"})
    CHECK(
        problems_of(parse_documents(text, "f")) ==
        std::vector<std::string>{"f:1:1: this is a template, and no resource yet; keep it in another folder, or write "
                                 "here what it becomes"});
}

}  // namespace slipway
