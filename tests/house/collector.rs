//! Walks one source file and gathers the paths, methods and macros that it mentions, with their lines. Test
//! code is left out.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use crate::source::{Function, Mention, Names, Path, Segments, What};

/// Walks one file.
#[derive(Debug)]
pub(crate) struct Collector {
    module: Segments,
    pub(crate) modules: BTreeMap<Segments, Names>,
    pub(crate) mentions: Vec<Mention>,
    pub(crate) functions: Vec<Function>,
    /// Modules of other files that exist for tests only.
    pub(crate) test_modules: Vec<Segments>,
    pub(crate) test_lines: BTreeSet<usize>,
}

impl Collector {
    pub(crate) fn new(module: Segments) -> Self {
        Self {
            modules: BTreeMap::from([(module.clone(), Names::default())]),
            module,
            mentions: Vec::new(),
            functions: Vec::new(),
            test_modules: Vec::new(),
            test_lines: BTreeSet::new(),
        }
    }

    fn names(&mut self) -> &mut Names {
        self.modules.entry(self.module.clone()).or_default()
    }

    fn path(&self, segments: Segments, global: bool) -> Path {
        Path { segments, global, glob: false, module: self.module.clone() }
    }

    fn mention(&mut self, line: usize, what: What) {
        self.mentions.push(Mention { line, what });
    }

    /// A name alone is a variable, or was imported, and its import is mentioned.
    fn mention_path(&mut self, segments: Segments, global: bool, line: usize) {
        if segments.len() < 2 {
            return;
        }
        let path = self.path(segments, global);
        self.mention(line, What::Path(path));
    }

    /// Takes note of test code; the caller then passes it by.
    fn is_test(&mut self, attributes: &[syn::Attribute], item: &dyn Fn() -> proc_macro2::Span) -> bool {
        let test = attributes.iter().any(is_test_attribute);
        if test {
            let span = item();
            self.test_lines.extend(span.start().line..=span.end().line);
        }
        test
    }

    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let line = signature.span().start().line;
        let lines = block.span().end().line + 1 - line;
        self.functions.push(Function { name: signature.ident.to_string(), line, lines });
    }

    fn import(&mut self, tree: &syn::UseTree, mut prefix: Segments, global: bool) {
        let line = tree.span().start().line;
        match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.import(&path.tree, prefix, global);
            }
            syn::UseTree::Name(name) => self.import_name(prefix, &name.ident, &name.ident, (global, line)),
            syn::UseTree::Rename(name) => self.import_name(prefix, &name.ident, &name.rename, (global, line)),
            syn::UseTree::Glob(_) => {
                let glob = Path { glob: true, ..self.path(prefix, global) };
                self.names().globs.push(glob.clone());
                self.mention(line, What::Path(glob));
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, prefix.clone(), global);
                }
            }
        }
    }

    fn import_name(
        &mut self,
        mut path: Segments,
        name: &syn::Ident,
        bound: &syn::Ident,
        (global, line): (bool, usize),
    ) {
        // `use a::{self}` binds the last segment of the prefix.
        let itself = name == "self" && !path.is_empty();
        let bound = if itself && bound == "self" { path.last().cloned() } else { Some(bound.to_string()) };
        if !itself {
            path.push(name.to_string());
        }
        let path = self.path(path, global);
        self.names().meanings.entry(bound.unwrap_or_default()).or_default().push(path.clone());
        self.mention(line, What::Path(path));
    }

    /// Finds paths, methods and macros in tokens that are no syntax tree: the insides of macros.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at += match &tokens[at] {
                TokenTree::Group(group) => {
                    self.tokens(group.stream());
                    1
                }
                TokenTree::Ident(_) => self.token_path(&tokens, at),
                _ => 1,
            };
        }
    }

    /// The path that begins at `at`; returns how many tokens it takes.
    fn token_path(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let line = tokens[at].span().start().line;
        let mut segments = Vec::new();
        let mut end = at;
        while let Some(TokenTree::Ident(name)) = tokens.get(end) {
            segments.push(name.to_string());
            end += 1;
            if !(is_punct(tokens.get(end), ':') && is_punct(tokens.get(end + 1), ':')) {
                break;
            }
            end += 2;
        }
        let after_dot = at > 0 && is_punct(tokens.get(at - 1), '.');
        if after_dot {
            // `.name(…)` or `.name::<T>(…)`, whose path was read with its colons.
            let generic = is_punct(tokens.get(end - 1), ':');
            if generic || is_group(tokens.get(end), Some(Delimiter::Parenthesis)) {
                self.mention(line, What::Method(segments.swap_remove(0)));
            }
            return end - at;
        }
        if is_punct(tokens.get(end), '!') && is_group(tokens.get(end + 1), None) {
            self.mention(line, What::Macro(segments.last().cloned().unwrap_or_default()));
        }
        let global = at > 1 && is_punct(tokens.get(at - 1), ':') && is_punct(tokens.get(at - 2), ':');
        self.mention_path(segments, global, line);
        end - at
    }
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_group(token: Option<&TokenTree>, wanted: Option<Delimiter>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if wanted.is_none_or(|wanted| group.delimiter() == wanted))
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !self.is_test(attributes(item), &|| item.span()) {
            visit::visit_item(self, item);
        } else if let syn::Item::Mod(module) = item {
            self.test_modules.push([self.module.as_slice(), &[module.ident.to_string()]].concat());
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !self.is_test(&function.attrs, &|| function.span()) {
            self.function(&function.sig, &function.block);
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.function(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_some() {
            self.module.push(module.ident.to_string());
            self.names();
            visit::visit_item_mod(self, module);
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(&item.tree, Vec::new(), item.leading_colon.is_some());
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let bound = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
        let itself = syn::Ident::new("az_cargo_wizard", item.ident.span());
        let name = if item.ident == "self" { &itself } else { &item.ident };
        self.import_name(Vec::new(), name, bound, (true, item.span().start().line));
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        if let syn::Type::Path(target) = &*item.ty {
            let path = self.path(names_of(&target.path), target.path.leading_colon.is_some());
            self.names().meanings.entry(item.ident.to_string()).or_default().push(path);
        }
        visit::visit_item_type(self, item);
    }

    /// `pub(in crate::…)` is no use of anything.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.mention_path(names_of(path), path.leading_colon.is_some(), path.span().start().line);
        visit::visit_path(self, path);
    }

    /// `<a::B>::c` is mentioned as `a::B::c`.
    fn visit_expr_path(&mut self, expr: &'ast syn::ExprPath) {
        if let Some(syn::QSelf { ty, .. }) = &expr.qself
            && let syn::Type::Path(inner) = &**ty
        {
            let segments = [names_of(&inner.path), names_of(&expr.path)].concat();
            self.mention_path(segments, inner.path.leading_colon.is_some(), expr.span().start().line);
        }
        visit::visit_expr_path(self, expr);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.mention(call.method.span().start().line, What::Method(call.method.to_string()));
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        let name = mac.path.segments.last().map(|segment| segment.ident.to_string());
        self.mention(mac.span().start().line, What::Macro(name.unwrap_or_default()));
        self.tokens(mac.tokens.clone());
        visit::visit_macro(self, mac);
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.tokens(list.tokens.clone());
        visit::visit_meta_list(self, list);
    }
}

fn names_of(path: &syn::Path) -> Segments {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// `#[test]`, `#[tokio::test]`, or a `cfg` that holds in tests only.
fn is_test_attribute(attribute: &syn::Attribute) -> bool {
    if attribute.path().is_ident("cfg") {
        return attribute.parse_args::<syn::Meta>().is_ok_and(|condition| tests_only(&condition));
    }
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "test")
}

fn tests_only(condition: &syn::Meta) -> bool {
    match condition {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated)
            .is_ok_and(|all| all.iter().any(tests_only)),
        _ => false,
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    use syn::Item;
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
