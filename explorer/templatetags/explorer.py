"""Rows that a page has by the dozen: rendered here, because a template loop costs ten times as much."""

from collections.abc import Mapping, Sequence

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from explorer.bench import bench_url
from explorer.building.criteria import render_pairs
from explorer.building.fields import Choice, Field, SearchParameterFacts
from explorer.building.interactions import Operation
from explorer.rendering import NOTHING, composite_rows, options_of, slug
from explorer.schema.must_support import Mark
from explorer.schema.tree import SchemaRow, TypeLink
from explorer.targets import Target, target_url

register = template.Library()


register.filter(slug)


@register.simple_tag
def fhir_path(operation: Operation, resource_type: str) -> str:
    return operation.path_of(resource_type)


@register.simple_tag
def criterion_row(id_prefix: str, field: Field) -> SafeString:
    """One search parameter: its name, modifier, prefix, value, and what it is; of a composite one field for each part."""
    if field.is_composite:
        return composite_rows(f"{id_prefix}-{slug(field.name)}-{field.index}", field)
    facts = field.facts
    base = f"{id_prefix}-{slug(field.name)}" + (f"-{field.index}" if field.index else "")
    modifier = prefix = codes = NOTHING
    if field.modifiers:
        modifier = format_html(
            '<select name=".m:{}" aria-label="Modifier of {}" class="crit-mod">{}</select>',
            field.name, field.name, options_of(field.modifiers, field.modifier),
        )  # fmt: skip
    if field.prefixes:
        prefix = format_html(
            '<select name=".x:{}" aria-label="Prefix of {}" class="crit-pre">{}</select>',
            field.name, field.name, options_of(field.prefixes, field.prefix),
        )  # fmt: skip
    if facts.codes:
        codes = format_html('<datalist id="{}-codes">{}</datalist>', base, options_of(facts.codes, ""))
    return format_html(
        '<div class="crit" data-criterion="{}"><label for="{}" title="{}">{}<span class="crit-kind">{}</span></label>'
        '<div class="crit-fields">{}{}<input id="{}" name="{}" value="{}" placeholder="{}" autocomplete="off"'
        ' spellcheck="false"{}{}>{}</div></div>',
        field.name, base, facts.description, field.name, facts.kind, modifier, prefix, base, field.name, field.value, facts.example,
        format_html(' list="{}-codes"', base) if facts.codes else NOTHING,
        mark_safe(" autofocus") if field.focused else NOTHING, codes,
    )  # fmt: skip


@register.simple_tag
def choice_field(id_prefix: str, choice: Choice) -> SafeString:
    """A result parameter: one choice as a select, several as inputs that complete."""
    base = f"{id_prefix}-{slug(choice.name)}"
    if choice.closed:
        values = (*choice.chosen, "") if choice.many else (*choice.chosen, "")[:1]
        inner = format_html_join(
            "",
            '<select id="{}" name="{}" aria-label="{}">{}</select>',
            (
                (f"{base}-{i}" if i else base, choice.name, f"{choice.name}: {choice.label}",
                 options_of((("", ""), *choice.options), value))
                for i, value in enumerate(values)
            ),
        )  # fmt: skip
    else:
        inner = _suggested(base, choice)
    return format_html(
        '<div class="field"><label for="{}">{} <span class="optional">{}</span></label>{}</div>',
        base, choice.name, choice.label.lower(), inner,
    )  # fmt: skip


def _suggested(base: str, choice: Choice) -> SafeString:
    """One input for each value that is set, and an empty one."""
    listed = format_html(' list="{}-list"', base) if choice.options else NOTHING
    inputs = format_html_join(
        "",
        '<input id="{}" name="{}" value="{}"{} autocomplete="off" spellcheck="false" aria-label="{}: {}">',
        (
            (f"{base}-{i}" if i else base, choice.name, value, listed, choice.name, choice.label)
            for i, value in enumerate((*choice.chosen, ""))
        ),
    )
    if not choice.options:
        return inputs
    options = format_html_join("", '<option value="{}"></option>', ((value,) for value, _ in choice.options))
    return format_html('{}<datalist id="{}-list">{}</datalist>', inputs, base, options)


@register.simple_tag
def schema_list(
    rows: Sequence[SchemaRow], deployment: Target, marks: Mapping[str, Mark] | None = None
) -> SafeString:
    """One level of the schema tree; `marks` by path say what profiles ask to be supported."""
    known = marks or {}
    return format_html(
        '<ul class="sch">{}</ul>',
        mark_safe("".join(_schema_row(row, deployment, known.get(row.path)) for row in rows)),  # noqa: S308
    )


def _schema_row(row: SchemaRow, deployment: Target, mark: Mark | None) -> SafeString:
    name: SafeString = format_html("{}", row.name)
    kids = NOTHING
    if row.children:
        url = target_url(deployment, "elements", row.children)
        target = f"kids-{row.anchor}"
        name = format_html(
            '<a class="sch-open" href="{}" hx-get="{}" hx-target="next .sch-kids" hx-trigger="click once"'
            ' aria-expanded="false">{}</a>',
            url, url, row.name,
        )  # fmt: skip
        kids = format_html('<div class="sch-kids" data-kids="{}" hidden></div>', target)
    shown = ("Σ" if row.summary else "", "?!" if row.modifier else "", "S" if mark and mark.profiles else "")
    flags = " ".join(one for one in shown if one)
    return format_html(
        '<li class="sch-row" data-element="{}"{}><div class="sch-cells"><code class="sch-name">{}</code>'
        '<span class="sch-card{}">{}</span><span class="sch-type">{}</span><div class="sch-text">{}{}</div></div>{}</li>',
        row.path.replace("[x]", ""), mark_safe(" data-choice") if row.path.endswith("[x]") else NOTHING,
        name if not flags else format_html('{}<i class="sch-flags">{}</i>', name, flags),
        " required" if row.required else "", row.cardinality,
        _types(row.types, deployment), _words(row),
        format_html("{}{}", _supported(mark), _binding(row, deployment)), kids,
    )  # fmt: skip


def _supported(mark: Mark | None) -> SafeString:
    """Which profiles ask for the element, and for what inside of it."""
    if mark is None:
        return NOTHING
    names = ", ".join(one.rpartition("/")[2] for one in mark.profiles) or "in its parts"
    parts = (
        format_html(": {}", format_html_join(", ", "<code>{}</code>", ((one,) for one in mark.parts)))
        if mark.parts
        else NOTHING
    )
    return format_html('<p class="muted small">Must support ({}){}</p>', names, parts)


def _types(types: Sequence[TypeLink], deployment: Target) -> SafeString:
    return format_html_join(" | ", "{}", ((_type(each, deployment),) for each in types))


def _type(each: TypeLink, deployment: Target) -> SafeString:
    shown: SafeString = format_html("{}", each.code)
    if each.opens:
        shown = format_html('<a href="{}">{}</a>', target_url(deployment, "datatype", each.code), each.code)
    if not each.targets:
        return shown
    start = bench_url(deployment, "")
    targets = format_html_join(
        " | ", '<a href="{}{}/">{}</a>', ((start, target, target) for target in each.targets)
    )
    return format_html("{}({})", shown, targets)


def _words(row: SchemaRow) -> SafeString:
    if not row.definition or row.definition == row.short:
        return format_html("<span>{}</span>", row.short)
    rules = format_html_join("", "<p><code>{}</code> {}</p>", row.invariants)
    return format_html(
        "<details><summary>{}</summary><p>{}</p>{}</details>", row.short, row.definition, rules
    )


def _binding(row: SchemaRow, deployment: Target) -> SafeString:
    if not row.value_set:
        return NOTHING
    url = f"{target_url(deployment, 'codes')}?url={row.value_set}"
    return format_html(
        '<details class="sch-binding"><summary><span class="badge">{}</span> {}</summary>'
        '<div hx-get="{}" hx-trigger="toggle from:closest details once"><a href="{}">Codes</a></div></details>',
        row.strength, row.value_set.rpartition("/")[2], url, url,
    )  # fmt: skip


@register.simple_tag
def parameter_table(parameters: Sequence[SearchParameterFacts], deployment: Target) -> SafeString:
    """All search parameters of a type with what each can do, and an example that opens in the search form."""
    start = bench_url(deployment, "")
    return format_html(
        '<div class="table-wrap card" tabindex="0" role="region" aria-label="Table of search parameters"><table class="table params"><thead><tr>'
        "<th scope=col>Parameter, example</th><th scope=col>Type</th><th scope=col>Description</th><th scope=col>Modifiers and prefixes</th>"
        "<th scope=col>Reads</th></tr></thead><tbody>{}</tbody></table></div>",
        mark_safe("".join(_parameter_row(each, start) for each in parameters)),  # noqa: S308
    )


def _parameter_row(each: SearchParameterFacts, start: str) -> SafeString:
    can = ", ".join([f":{modifier}" for modifier in each.modifiers] + list(each.prefixes))
    targets = format_html_join(
        " ", '<a href="{}{}/">{}</a>', ((start, name, name) for name in each.targets[:12])
    )
    more = f" and {len(each.targets) - 12} more" if len(each.targets) > 12 else ""
    parts = format_html_join(
        ", ", "{} <code>{}</code>", ((part.code, part.expression) for part in each.components)
    )
    return format_html(
        "<tr><td><code>{}</code>{}{}</td><td>{}</td><td>{}{}{}</td><td class=\"muted small\">{}</td><td><code class=small>{}</code></td></tr>",
        each.code,
        NOTHING
        if each.supported
        else format_html(' <span class="badge">not here</span><div class="muted small">{}</div>', each.reason),
        format_html(
            '<div class="small"><a href="?.do=search&amp;{}#try">{}={}</a></div>',
            render_pairs([(each.code, each.example)]), each.code, each.example,
        ) if each.supported and each.example else NOTHING,
        each.kind,
        each.description,
        format_html('<div class="muted small">Refers to {}{}</div>', targets, more) if each.targets else NOTHING,
        format_html('<div class="muted small">Parts: {}</div>', parts) if parts else NOTHING,
        can,
        mark_safe(escape(each.expression).replace(".", ".<wbr>")),  # noqa: S308
    )  # fmt: skip
