// A plugin of clang-tidy: the other checks are not asked about the headers of libraries, of which nothing is told
// anyway. It is what three quarters of the time went to; clang-tidy 19 has no option for it.
#include <clang-tidy/ClangTidyCheck.h>
#include <clang-tidy/ClangTidyModule.h>
#include <clang-tidy/ClangTidyModuleRegistry.h>

#include <vector>

namespace {

namespace matchers = clang::ast_matchers;
namespace tidy = clang::tidy;

/// Complains of nothing: it narrows what is traversed.
class Scope : public tidy::ClangTidyCheck {
 public:
  using ClangTidyCheck::ClangTidyCheck;

  void registerMatchers(matchers::MatchFinder* finder) override {
    finder->addMatcher(matchers::translationUnitDecl().bind("unit"), this);
  }

  // The unit itself is the first that is matched; what to go through below it is looked up after that.
  void check(const matchers::MatchFinder::MatchResult& result) override {
    std::vector<clang::Decl*> ours;
    for (clang::Decl* declared : result.Nodes.getNodeAs<clang::TranslationUnitDecl>("unit")->noload_decls()) {
      const auto place = declared->getLocation();
      if (place.isValid() && !result.SourceManager->isInSystemHeader(place)) ours.push_back(declared);
    }
    result.Context->setTraversalScope(ours);
  }
};

class Module : public tidy::ClangTidyModule {
 public:
  void addCheckFactories(tidy::ClangTidyCheckFactories& checks) override {
    checks.registerCheck<Scope>("slipway-scope");
  }
};

const tidy::ClangTidyModuleRegistry::Add<Module> module("slipway", "Keeps the other checks to our own sources.");

}  // namespace
