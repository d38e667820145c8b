using System.Diagnostics;
using Events.GraphQL;
using Events.GraphQL.Language;
using Events.GraphQL.Validation;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Validation;

/// <summary>
/// Documents that take a naive validator minutes or its stack. Each is judged within seconds on a busy machine; what it takes
/// on a quiet one is for the benchmarks.
/// </summary>
public sealed class Hostile_documents
{
    private const string TooMuch =
        "The fields of this document take too much work to compare. Use fewer fields with one response name.";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public void with_a_bomb_of_fragments_are_read_once()
    {
        string text = "{ camera { ...F0 } } " + string.Concat(Enumerable.Range(0, 30).Select(i =>
            $"fragment F{i} on Camera {{ a{i}: near {{ ...F{i + 1} }} b{i}: near {{ ...F{i + 1} }} ...F{i + 1} }} "))
            + "fragment F30 on Camera { id }";
        Assert.Empty(Judge(text));
    }

    [Fact]
    public void with_a_bomb_of_introspection_are_read_once()
    {
        string text = "{ __schema { types { ...F0 } } } " + string.Concat(Enumerable.Range(0, 30).Select(i =>
            $"fragment F{i} on __Type {{ a{i}: ofType {{ ...F{i + 1} }} b{i}: ofType {{ ...F{i + 1} }} }} "))
            + "fragment F30 on __Type { name }";
        Assert.Empty(Judge(text));
    }

    [Theory]
    [InlineData("id ")]
    [InlineData("x: id ")]
    public void with_one_field_many_times_are_good(string field) =>
        Assert.Empty(Judge($"{{ camera {{ {string.Concat(Enumerable.Repeat(field, 4000))} }} }}"));

    [Fact]
    public void with_one_object_many_times_are_refused() =>
        Assert.Contains(
            Judge($"{{ {string.Concat(Enumerable.Repeat("camera { id } ", 3000))} }}"), error => error.Message == TooMuch);

    [Fact]
    public void with_fields_that_differ_in_arguments_are_refused() =>
        Assert.NotEmpty(Judge($"{{ {string.Concat(Enumerable.Range(0, 1500).Select(i => $"device(id: {i}) {{ id }} "))} }}"));

    [Fact]
    public void with_fields_nested_in_each_other_by_fragments_are_judged()
    {
        string text = "{ camera { ...A0 ...B0 } } " + string.Concat(Enumerable.Range(0, 650).Select(i =>
            $"fragment A{i} on Camera {{ near {{ ...A{i + 1} }} }} fragment B{i} on Camera {{ near {{ ...B{i + 1} }} }} "))
            + "fragment A650 on Camera { x: id } fragment B650 on Camera { x: name }";
        Assert.NotEmpty(Judge(text));
    }

    [Fact]
    public void with_a_long_chain_of_fragments_are_judged()
    {
        string text = "{ camera { ...F0 } } " + string.Concat(Enumerable.Range(0, 1600).Select(i =>
            $"fragment F{i} on Camera {{ ...F{i + 1} }} ")) + "fragment F1600 on Camera { ...F0 }";
        Assert.Contains(
            Judge(text), error => error.Message.StartsWith("Cannot spread fragment \"F0\" within", StringComparison.Ordinal));
    }

    [Fact]
    public void with_many_fragments_side_by_side_are_refused() =>
        Assert.Contains(
            Judge($"{{ camera {{ {string.Concat(Enumerable.Range(0, 900).Select(i => $"...F{i} "))} }} }} "
                + string.Concat(Enumerable.Range(0, 900).Select(i => $"fragment F{i} on Camera {{ id }} "))),
            error => error.Message == TooMuch);

    [Fact]
    public void with_many_operations_over_many_variables_are_judged()
    {
        string fields = string.Concat(Enumerable.Range(0, 800).Select(i => $"a{i}: device(id: $v{i}) {{ id }} "));
        string operations = string.Concat(Enumerable.Range(0, 300).Select(i => $"query Q{i} {{ ...F }} "));
        Assert.Equal(101, Judge($"{operations} fragment F on Query {{ {fields} }}").Count);
    }

    private static IReadOnlyList<GraphQLError> Judge(string text)
    {
        DocumentNode document = Parser.Parse(text);
        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<GraphQLError> errors = Validator.Validate(A_rule.Schema, document, ValidationOptions.Default);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, Patience);
        return errors;
    }
}
