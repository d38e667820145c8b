using FsCheck;
using FsCheck.Fluent;

namespace Events.Tests.Engines.GraphQL.Language;

/// <summary>Texts to feed a parser: documents by the grammar, spoilt ones, and noise.</summary>
internal static class Documents
{
    private static readonly string[] Seeds =
    [
        "query Q($a: [Int!]! = [1] @d) @d { x: y(a: $a, b: { c: \"d\\u0041\" }) @skip(if: true) { ...F ... on T { z } ... { w } } }",
        "\"\"\"\n  about\n    it\n\"\"\"\ntype T implements A & B @d { \"f\" f(\"a\" a: Int = 1 @d): [T!]! @d }",
        "extend schema @d { query: Q } interface I { a: B } union U @d = | A | B enum E { A @d B } input N { a: B = { c: 1 } }",
        "directive @d(a: Int = 1) repeatable on FIELD | QUERY scalar S @d fragment F on T @d { a } subscription { a }",
    ];

    private static readonly string[] Tokens =
    [
        "{", "}", "(", ")", "[", "]", ":", "!", "$", "@", "&", "|", "=", "...", ".", "on", "query", "fragment", "type", "extend", "input",
        "enum", "true", "null", "a", "_1", "0", "-", "-1.5e+3", "01", "\"", "\"\"\"", "\"x\"", "\\", "\\u", "\\u{1F600}", "\"\\uD83D\\uDE00\"",
        "#", "\n", "\r\n", " ", ",", "\ufeff", "\ud83d", "\ud83d\ude00", "\u0000", "\u00e9", "'",
    ];

    private static readonly string[] Strings =
    [
        "", "a", " a", "a ", "\n", "a\n  b\n c", "\"", "\"\"\"", "\\", "a\\", "\ud83d\ude00", "\t\ta\n\t\tb", "\u0007", "\u007f", "é", "a\r\nb",
        "a\"\"\"\"b", "\\\"\"\"",
    ];

    internal static Gen<string> Mutated =>
        from seed in Gen.Elements(Seeds)
        from edits in Gen.ListOf(
            from place in Gen.Choose(0, 10_000)
            from cut in Gen.Choose(0, 5)
            from token in Gen.Elements(Tokens)
            select (place, cut, token))
        select edits.Take(4).Aggregate(seed, (text, edit) =>
        {
            int at = edit.place % (text.Length + 1);
            return text[..at] + edit.token + text[Math.Min(text.Length, at + edit.cut)..];
        });

    internal static Gen<string> Soup => from tokens in Gen.ListOf(Gen.Elements(Tokens)) select string.Concat(tokens);

    internal static Gen<string> Noise => from units in Gen.ListOf(Gen.Choose(0, 0xFFFF)) select string.Concat(units.Select(u => (char)u));

    /// <summary>Texts that strings may mean, awkward ones often.</summary>
    internal static Gen<string> Meanings =>
        Gen.OneOf(
            Gen.Elements(Strings),
            from parts in Gen.ListOf(Gen.Elements(Strings)) select string.Concat(parts.Take(5)));

    internal static Gen<string> Valid => Gen.Sized(size => Document(Math.Min(size, 8)));

    private static Gen<string> Names => Gen.Elements("a", "b1", "_c", "on1", "type", "query", "fragment", "T", "schema", "input");

    private static Gen<string> Document(int size) =>
        from definitions in Gen.ListOf(Gen.OneOf(Operation(size), Fragment(size), TypeDefinition(size)), 3)
        select string.Join(' ', definitions);

    private static Gen<string> Operation(int size) =>
        from description in Description
        from kind in Gen.Elements("query", "mutation", "subscription")
        from name in Optional(Names)
        from variables in Optional(Variables(size))
        from directives in Directives(size)
        from selections in Selections(size)
        select $"{description} {kind} {name} {variables} {directives} {selections}";

    private static Gen<string> Variables(int size) =>
        from description in Description
        from name in Names
        from type in Type(3)
        from value in Optional(from v in Value(size, true) select $"= {v}")
        select $"({description} ${name}: {type} {value})";

    private static Gen<string> Fragment(int size) =>
        from description in Description
        from name in Names
        from type in Names
        from directives in Directives(size)
        from selections in Selections(size)
        select $"{description} fragment {name} on {type} {directives} {selections}";

    private static Gen<string> TypeDefinition(int size) =>
        from description in Description
        from name in Names
        from kind in Gen.Elements("type", "interface", "input")
        from field in Names
        from fieldDescription in Description
        from type in Type(3)
        from value in Value(size, true)
        select kind == "input"
            ? $"{description} input {name} {{ {fieldDescription} {field}: {type} = {value} }}"
            : $"{description} {kind} {name} implements A & B {{ {fieldDescription} {field}({fieldDescription} x: {type} = {value}): {type} }}";

    private static Gen<string> Selections(int size) =>
        from items in Gen.NonEmptyListOf(size <= 0 ? Names : Selection(size / 2))
        select $"{{ {string.Join(' ', items.Take(3))} }}";

    private static Gen<string> Selection(int size) =>
        Gen.OneOf(
            from alias in Optional(from n in Names select $"{n}:")
            from name in Names
            from value in Optional(from v in Value(size, false) select $"(x: {v} y: {v})")
            from directives in Directives(size)
            from below in Optional(Selections(size))
            select $"{alias} {name} {value} {directives} {below}",
            from name in Names from directives in Directives(size) select $"...{name} {directives}",
            from type in Optional(from n in Names select $"on {n}")
            from directives in Directives(size)
            from below in Selections(size)
            select $"... {type} {directives} {below}");

    private static Gen<string> Directives(int size) =>
        Optional(from name in Names from value in Value(size / 2, true) select $"@{name} @{name}(x: {value})");

    private static Gen<string> Type(int size) =>
        size <= 0
            ? Names
            : Gen.OneOf(Names, from t in Type(size - 1) select $"[{t}]", from t in Type(size - 1) select $"[{t}]!", from n in Names select $"{n}!");

    private static Gen<string> Value(int size, bool isConstant)
    {
        Gen<string> leaf = Gen.OneOf(
            Gen.Elements("0", "-1", "1.5", "-0.0e-7", "1E+30", "true", "false", "null", "RED", "12345678901234567890"),
            from text in Meanings select Quoted(text),
            from text in Meanings select Block(text),
            isConstant ? Gen.Constant("A") : from name in Names select $"${name}");
        return size <= 0
            ? leaf
            : Gen.OneOf(
                leaf,
                from items in Gen.ListOf(Value(size / 2, isConstant)) select $"[{string.Join(' ', items.Take(3))}]",
                from name in Names from value in Value(size / 2, isConstant) select $"{{ {name}: {value}, z: {value} }}",
                Gen.Constant("{}"));
    }

    private static Gen<string> Description =>
        Optional(from text in Meanings from isBlock in Gen.Elements(true, false) select isBlock ? Block(text) : Quoted(text));

    private static Gen<string> Optional(Gen<string> gen) => Gen.OneOf(Gen.Constant(string.Empty), gen);

    private static string Quoted(string text) =>
        $"\"{string.Concat(text.Select(c => char.IsSurrogate(c) ? c.ToString() : $"\\u{(int)c:x4}"))}\"";

    /// <summary>Some block string; it may mean another text.</summary>
    private static string Block(string text) => $"\"\"\"{text.Replace("\"\"\"", "\\\"\"\"", StringComparison.Ordinal)}\n\"\"\"";
}
