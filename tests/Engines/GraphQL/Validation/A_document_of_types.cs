using Events.GraphQL.Types;
using Events.GraphQL.Types.Sdl;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Validation;

/// <summary>SDL that is read with its rules: each mistake is named with its place.</summary>
public sealed class A_document_of_types
{
    [Theory]
    [InlineData(
        "schema { query: Q } schema { mutation: Q } type Q { a: Int }", "Must provide only one schema definition. (1:21)")]
    [InlineData("schema { query: Q query: Q } type Q { a: Int }", "There can be only one query type in schema. (1:10)")]
    [InlineData("type Q { a: Int } type Q { b: Int }", "There can be only one type named \"Q\". (1:6)")]
    [InlineData("enum E { A A }", "Enum value \"E.A\" can only be defined once. (1:10)")]
    [InlineData("type Q { a: Int a: Int }", "Field \"Q.a\" can only be defined once. (1:10)")]
    [InlineData("type Q { a(b: Int b: Int): Int }", "Argument \"Q.a(b:)\" can only be defined once. (1:12)")]
    [InlineData("directive @d on FIELD directive @d on FIELD", "There can be only one directive named \"@d\". (1:12)")]
    [InlineData("type Q { a: Nope }", "Unknown type \"Nope\". (1:13)")]
    [InlineData("type Q { a: Int @nope }", "Unknown directive \"@nope\". (1:17)")]
    [InlineData("extend type R { a: Int }", "Cannot extend type \"R\" because it is not defined. (1:13)")]
    [InlineData("enum E { A } extend union E = Q type Q { a: Int }", "Cannot extend non-union type \"E\". (1:1)")]
    [InlineData("type Q { a: Int @deprecated(why: 1) }", "Unknown argument \"why\" on directive \"@deprecated\". (1:29)")]
    [InlineData("directive @d(x: Int!) on OBJECT type Q @d { a: Int }",
        "Directive \"@d\" argument \"x\" of type \"Int!\" is required, but it was not provided. (1:40)")]
    public void is_refused_with_the_place_of_the_mistake(string sdl, string message) =>
        Assert.Equal(message, Assert.Throws<SchemaException>(() => SdlReader.ReadChecked(sdl)).Message);

    [Fact]
    public void names_every_mistake() =>
        Assert.Equal(
            2, Assert.Throws<SchemaException>(() => SdlReader.ReadChecked("type Q { a: X b: Y }")).Errors.Count);

    [Fact]
    public void is_read_when_it_is_right() =>
        Assert.NotNull(SdlReader.ReadChecked("type Query { a: Int @deprecated } extend type Query { b: Query }").Build());
}
