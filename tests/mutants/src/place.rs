//! Where each mutant belongs in the syntax tree, and the text that puts it there.

use std::{fmt::Write, ops::Range};

use proc_macro2::Span;
use serde_json::Value;
use syn::{
    Arm, BinOp, Block, Expr, ExprBinary, ExprMatch, ExprRepeat, ExprStruct, ExprUnary, File,
    ImplItemConst, ImplItemFn, ItemConst, ItemFn, ItemStatic, Pat, ReturnType, Signature,
    TraitItemFn, Type, TypeArray, UnOp,
    spanned::Spanned,
    visit::{self, Visit},
};

/// One mutant of the list.
pub(crate) struct Mutant {
    pub(crate) number: usize,
    genre: String,
    /// Line and column, from 1.
    start: (usize, usize),
    replacement: String,
}

impl Mutant {
    pub(crate) fn parse(number: usize, value: &Value) -> Option<Self> {
        let position = |name| usize::try_from(value["span"]["start"][name].as_u64()?).ok();
        Some(Self {
            number,
            genre: value["genre"].as_str()?.into(),
            start: (position("line")?, position("column")?),
            replacement: value["replacement"].as_str()?.into(),
        })
    }
}

/// An insertion.
pub(crate) struct Edit {
    pub(crate) at: usize,
    /// What closes comes before what opens; what was opened last closes first.
    pub(crate) order: (bool, isize),
    pub(crate) text: String,
}

/// Finds the places of the mutants of one file.
pub(crate) struct Places<'a> {
    source: &'a str,
    /// Those without a place so far.
    pub(crate) mutants: Vec<Mutant>,
    /// The numbers of those that may be evaluated at compile time alone.
    pub(crate) constant: Vec<usize>,
    is_constant: bool,
    pub(crate) edits: Vec<Edit>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(source: &'a str, mutants: Vec<Mutant>) -> Self {
        Self { source, mutants, constant: Vec::new(), is_constant: false, edits: Vec::new() }
    }

    pub(crate) fn visit(&mut self, file: &File) {
        self.visit_file(file);
    }

    /// The mutants of this genre whose span starts here.
    fn take(&mut self, genre: &str, span: Span) -> Vec<Mutant> {
        let start = (span.start().line, span.start().column + 1);
        let here = |mutant: &mut Mutant| mutant.genre == genre && mutant.start == start;
        let taken: Vec<_> = self.mutants.extract_if(.., here).collect();
        if self.is_constant {
            self.constant.extend(taken.iter().map(|mutant| mutant.number));
        }
        taken
    }

    /// Visits a part of the source, in which expressions may be constant or not.
    fn within(&mut self, is_constant: bool, visit: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.is_constant, is_constant);
        visit(self);
        self.is_constant = before;
    }

    fn insert(&mut self, range: Range<usize>, before: String, after: &str) {
        let sequence = isize::try_from(self.edits.len()).unwrap_or(isize::MAX);
        self.edits.push(Edit { at: range.start, order: (true, sequence), text: before });
        self.edits.push(Edit { at: range.end, order: (false, -sequence), text: after.into() });
    }

    /// Puts `if here { mutated } else { … }` around an expression. To compare what both cost, the place
    /// also has the expression as it was, without the switches of other mutants in it.
    fn alternatives(&mut self, whole: Span, mutants: &[(usize, String)]) {
        if mutants.is_empty() {
            return;
        }
        let original = &self.source[whole.byte_range()];
        let mut before = String::from("(");
        for (number, text) in mutants {
            let _ = write!(
                before,
                "\n/*<{number}*/if ::switch::is_here({number}) {{ \
                if ::switch::is_changed() {{ {text} }} else {{ {original} }} }}/*>{number}*/\nelse "
            );
        }
        before.push_str("{ ");
        self.insert(whole.byte_range(), before, " })");
    }

    fn function(&mut self, signature: &Signature, body: &Block) {
        let [first, ..] = &body.stmts[..] else { return };
        let start = first.span().byte_range().start;
        let end = body.stmts.last().unwrap_or(first).span().byte_range().end;
        // All paths of a function return one type, even if it has no name.
        let is_unnamed = matches!(&signature.output, ReturnType::Type(_, returned) if matches!(**returned, Type::ImplTrait(_)));
        let is_within =
            !is_unnamed && self.source[signature.output.span().byte_range()].contains("impl ");
        for mutant in self.take("FnValue", first.span()) {
            // Another iterator in an `Option` would be another type.
            if is_within && mutant.replacement != "None" {
                self.mutants.push(mutant);
                continue;
            }
            let Mutant { number, replacement, .. } = mutant;
            let (range, text, after) = if is_unnamed {
                let text =
                    format!("::switch::either(::switch::on({number}), move || {replacement}, ");
                (start..end, text, "})")
            } else {
                let text = format!("if ::switch::on({number}) {{ return {replacement}; }}");
                (start..start, text, "")
            };
            let open = if is_unnamed { "move || {" } else { "" };
            self.insert(range, format!("\n/*<{number}*/{text}/*>{number}*/\n{open}"), after);
        }
    }

    /// Lets a guard switch off an arm.
    fn delete(&mut self, arm: &Arm) {
        for Mutant { number, .. } in self.take("MatchArm", arm.span()) {
            let off = format!("\n/*<{number}*/");
            let (range, before, after) = if let Some((_, guard)) = &arm.guard {
                (guard.span().byte_range(), format!("{off} !::switch::on({number}) && ("), ")")
            } else {
                let end = arm.pat.span().byte_range().end;
                (end..end, format!("{off} if !::switch::on({number})"), "")
            };
            self.insert(range, format!("{before}/*>{number}*/\n"), after);
        }
    }
}

impl<'ast> Visit<'ast> for Places<'_> {
    fn visit_item_const(&mut self, item: &'ast ItemConst) {
        self.within(true, |places| visit::visit_item_const(places, item));
    }

    fn visit_type_array(&mut self, item: &'ast TypeArray) {
        self.visit_type(&item.elem);
        self.within(true, |places| places.visit_expr(&item.len));
    }

    fn visit_expr_repeat(&mut self, item: &'ast ExprRepeat) {
        self.visit_expr(&item.expr);
        self.within(true, |places| places.visit_expr(&item.len));
    }

    fn visit_impl_item_const(&mut self, item: &'ast ImplItemConst) {
        self.within(true, |places| visit::visit_impl_item_const(places, item));
    }

    fn visit_item_static(&mut self, item: &'ast ItemStatic) {
        self.within(true, |places| visit::visit_item_static(places, item));
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.within(item.sig.constness.is_some(), |places| {
            places.function(&item.sig, &item.block);
            visit::visit_item_fn(places, item);
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.within(item.sig.constness.is_some(), |places| {
            places.function(&item.sig, &item.block);
            visit::visit_impl_item_fn(places, item);
        });
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        if let Some(body) = &item.default {
            self.function(&item.sig, body);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        // A chain of `let` cannot be in a block; its other operands can.
        if !(matches!(binary.op, BinOp::And(_) | BinOp::Or(_)) && has_let(binary)) {
            let left = &self.source[binary.left.span().byte_range()];
            let right = &self.source[binary.right.span().byte_range()];
            let mutants: Vec<_> = self
                .take("BinaryOperator", binary.op.span())
                .into_iter()
                .map(|Mutant { number, replacement, .. }| {
                    (number, format!("{left} {replacement} {right}"))
                })
                .collect();
            self.alternatives(binary.span(), &mutants);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast ExprUnary) {
        if matches!(unary.op, UnOp::Not(_) | UnOp::Neg(_)) {
            let operand = &self.source[unary.expr.span().byte_range()];
            let mutants = self.take("UnaryOperator", unary.op.span()).into_iter();
            let mutants: Vec<_> = mutants
                .map(|mutant| (mutant.number, format!("{}{operand}", mutant.replacement)))
                .collect();
            self.alternatives(unary.span(), &mutants);
        }
        visit::visit_expr_unary(self, unary);
    }

    fn visit_expr_match(&mut self, whole: &'ast ExprMatch) {
        // Where no arm covers everything, a match without one of its arms does not compile.
        let is_open = whole.arms.iter().any(|arm| arm.guard.is_none() && covers_all(&arm.pat));
        for arm in whole.arms.iter().filter(|_| is_open) {
            self.delete(arm);
        }
        visit::visit_expr_match(self, whole);
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        if let Some((_, guard)) = &arm.guard {
            let guards = self.take("MatchArmGuard", guard.span()).into_iter();
            let guards = guards.map(|mutant| (mutant.number, mutant.replacement));
            self.alternatives(guard.span(), &guards.collect::<Vec<_>>());
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, literal: &'ast ExprStruct) {
        let whole = literal.span().byte_range();
        let mut mutants = Vec::new();
        for pair in literal.fields.pairs() {
            let field = pair.value().span();
            for Mutant { number, .. } in self.take("StructField", field) {
                let after = self.source[field.byte_range().end..whole.end]
                    .trim_start()
                    .trim_start_matches(',');
                let before = &self.source[whole.start..field.byte_range().start];
                mutants.push((number, format!("{before}{after}")));
            }
        }
        self.alternatives(literal.span(), &mutants);
        visit::visit_expr_struct(self, literal);
    }
}

/// Whether a pattern is a wildcard or a variable. A name in upper case is a constant or a variant.
fn covers_all(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) => true,
        Pat::Ident(name) => name.ident.to_string().starts_with(char::is_lowercase),
        _ => false,
    }
}

fn has_let(binary: &ExprBinary) -> bool {
    [&binary.left, &binary.right].into_iter().any(|side| match &**side {
        Expr::Let(_) => true,
        Expr::Binary(inner) => has_let(inner),
        _ => false,
    })
}
