using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Events.Tests.Architecture;

/// <summary>How long things may be. Tests tell stories and hold tables, so they may be longer.</summary>
internal sealed record Bounds(int FunctionLines, int LineColumns, int FileLines)
{
    public static readonly Bounds Source = new(60, 130, 600);
    public static readonly Bounds Test = new(90, 180, 900);
}

/// <summary>What every source file is held to. Each rule looks at the syntax, so that a word in a string is no offence.</summary>
internal static partial class TidyRules
{
    private static readonly string[] VagueEndings = ["Helper", "Helpers", "Manager", "Util", "Utils", "Utility", "Utilities"];

    /// <returns>Findings as <c>rule: place</c>; empty for a tidy file.</returns>
    public static IReadOnlyList<string> Check(string path, string text)
    {
        bool isSource = path.StartsWith("src/", StringComparison.Ordinal);
        SyntaxNode root = CSharpSyntaxTree.ParseText(text).GetRoot();
        return
        [
            .. Lengths(isSource ? Bounds.Source : Bounds.Test, text, root),
            .. root.DescendantNodes().SelectMany(node => Banned(node, isSource)).Select(rule => $"{rule} in {path}"),
            .. root.DescendantTrivia(descendIntoTrivia: false)
                .Where(trivia => UnfinishedWord().IsMatch(trivia.ToString()))
                .Select(trivia => $"unfinished: {path}:{LineOf(trivia.GetLocation())}"),
            .. text.Contains('\r', StringComparison.Ordinal) ? [$"carriage return: {path}"] : Array.Empty<string>(),
        ];
    }

    /// <summary>Places of one machine and package sources, in any text file.</summary>
    public static IReadOnlyList<string> CheckPlaces(string path, string text) =>
        [.. text.Split('\n').Select((line, index) => (line, index)).Where(pair => Place().IsMatch(pair.line))
            .Select(pair => $"place: {path}:{pair.index + 1}")];

    private static IEnumerable<string> Lengths(Bounds bounds, string text, SyntaxNode root)
    {
        string[] lines = text.Split('\n');
        if (lines.Length - 1 > bounds.FileLines)
        {
            yield return $"long file: {lines.Length - 1} lines";
        }

        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length > bounds.LineColumns)
            {
                yield return $"long line: {i + 1} has {lines[i].Length} columns";
            }
        }

        foreach (SyntaxNode function in root.DescendantNodes().Where(IsFunction))
        {
            FileLinePositionSpan span = function.GetLocation().GetLineSpan();
            int length = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
            if (length > bounds.FunctionLines)
            {
                yield return $"long function: {length} lines at {span.StartLinePosition.Line + 1}";
            }
        }
    }

    private static bool IsFunction(SyntaxNode node) =>
        node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax;

    private static IEnumerable<string> Banned(SyntaxNode node, bool isSource)
    {
        string? rule = node switch
        {
            MemberAccessExpressionSyntax { Expression: var of, Name.Identifier.Text: "Now" or "Today" } when IsDate(of) => "local time",
            MemberAccessExpressionSyntax { Expression: var of, Name.Identifier.Text: "UtcNow" } when isSource && IsDate(of) =>
                "wall clock",
            MemberAccessExpressionSyntax { Expression: var of, Name.Identifier.Text: "Sleep" } when LastNameOf(of) == "Thread" =>
                "sleep",
            IdentifierNameSyntax { Identifier.Text: "dynamic", Parent: not MemberAccessExpressionSyntax } => "dynamic",
            MethodDeclarationSyntax m when IsAsyncVoid(m.Modifiers, m.ReturnType) => "async void",
            LocalFunctionStatementSyntax f when IsAsyncVoid(f.Modifiers, f.ReturnType) => "async void",
            CatchClauseSyntax { Block: { Statements.Count: 0 } block } when !block.CloseBraceToken.LeadingTrivia.Any(IsComment) =>
                "empty catch",
            IdentifierNameSyntax { Identifier.Text: "NotImplementedException" } => "not implemented",
            BaseTypeDeclarationSyntax { Identifier.Text: var name } when VagueEndings.Any(name.EndsWith) => $"vague name {name}",
            _ => null,
        };
        if (rule is not null)
        {
            yield return $"{rule}: line {LineOf(node.GetLocation())}";
        }
    }

    private static bool IsDate(ExpressionSyntax expression) => LastNameOf(expression) is "DateTime" or "DateTimeOffset";

    private static string LastNameOf(ExpressionSyntax expression) =>
        expression switch
        {
            SimpleNameSyntax name => name.Identifier.Text,
            MemberAccessExpressionSyntax member => member.Name.Identifier.Text,
            AliasQualifiedNameSyntax alias => alias.Name.Identifier.Text,
            _ => string.Empty,
        };

    private static bool IsAsyncVoid(SyntaxTokenList modifiers, TypeSyntax returns) =>
        modifiers.Any(SyntaxKind.AsyncKeyword) && returns is PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.VoidKeyword };

    /// <summary>A catch that does nothing must say why.</summary>
    private static bool IsComment(SyntaxTrivia trivia) =>
        trivia.IsKind(SyntaxKind.SingleLineCommentTrivia) || trivia.IsKind(SyntaxKind.MultiLineCommentTrivia);

    private static int LineOf(Location location) => location.GetLineSpan().StartLinePosition.Line + 1;

    [GeneratedRegex(@"\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK)\b")]
    private static partial Regex UnfinishedWord();

    [GeneratedRegex(
        @"(?<![\w.$}])/(work|root|home/[a-z]\w*|Users/\w+|tmp/\w+)/|nuget" + @"\.org|npmjs" + @"\.org|pypi" + @"\.org"
        + @"|://[^\s/""]*(registry|artifactory|nexus|mirror|proxy)[^\s/""]*/",
        RegexOptions.IgnoreCase)]
    private static partial Regex Place();
}
