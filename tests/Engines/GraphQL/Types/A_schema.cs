using System.Text.Json;
using Events.GraphQL.Language;
using Events.GraphQL.Types;
using Events.GraphQL.Types.Sdl;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Types;

public sealed class A_schema
{
    private const string Complete = """"
        """
        All of it
        """
        schema @link(url: "u") {
          query: Q
          mutation: M
        }

        interface Base {
          id: ID!
        }

        interface Named implements Base {
          id: ID!
          name(upper: Boolean = false): String
        }

        """
        An object

          with "quotes" and \"""
        """
        type A implements Named & Base @tag(name: "x") @tag(name: "y") {
          id: ID!
          name(upper: Boolean = false): String
          list(
            """
            how many
            """
            first: Int! = 10
            by: By @deprecated(reason: "no")
          ): [[A!]!] @deprecated
        }

        type M {
          m(in: Box = {min: {x: 1.5}, tags: "a"}): U
        }

        type Q {
          a: A
        }

        union U @tag(name: "u") = A | M

        input Box {
          min: Point!
          tags: [String!] = ["a", "b"]
        }

        input By @oneOf {
          id: ID
          point: Point
        }

        input Point {
          x: Float!
          y: Float! = 0
        }

        enum E {
          """
          warm
          """
          RED
          GREEN @deprecated(reason: "use \"RED\"")
        }

        directive @link(url: String!) repeatable on SCHEMA

        directive @tag(name: String!, weight: Int = 1) repeatable on OBJECT | UNION

        """
        An address
        """
        scalar Url @specifiedBy(url: "https://url.spec.whatwg.org/")

        """";

    /// <summary>A schema on each line, and on the next what is wrong with it.</summary>
    private const string BrokenSchemas = """
        type A { a: Int }
            Query root type must be provided.
        input Query { a: Int }
            Query root type must be Object type, it cannot be Query.
        schema { query: Q mutation: Q } type Q { a: Int }
            All root types must be different, "Q" type is used as query and mutation root types.
        type Query { a: Int } input Subscription { a: Int }
            Subscription root type must be Object type if provided, it cannot be Subscription.
        type Query
            Type Query must define one or more fields.
        type Query { a: No }
            Unknown type "No". (1:17)
        schema { query: No }
            Unknown type "No".
        type Query { __a: Int }
            Name "__a" must not begin with "__", which is reserved by GraphQL introspection.
        type Query { a: In } input In { a: Int }
            The type of Query.a must be Output Type but got: In.
        type Query { a(b: [Query!]): Int }
            The type of Query.a(b:) must be Input Type but got: [Query!].
        type Query { a(b: Int! @deprecated): Int }
            Required argument Query.a(b:) cannot be deprecated.
        directive @d(b: Query) on FIELD type Query { a: Int }
            The type of @d(b:) must be Input Type but got: Query.
        type Query { a: Int a: Int }
            "Query.a" can only be defined once.
        type Query { a: Int } type Query { b: Int }
            There can be only one type named "Query". (1:28)
        type Query { a: Int } extend type No { b: Int }
            Cannot extend type "No" because it is not defined. (1:35)
        type Query { a: Int } extend input Query { b: Int }
            Cannot extend type "Query": it is of another kind. (1:23)
        schema { query: Q query: Q } type Q { a: Int }
            There can be only one query type in schema. (1:19)
        schema { query: Q } schema { query: Q } type Q { a: Int }
            Must provide only one schema definition. (1:21)
        type Query implements A { a: Int } type A { a: Int }
            Type Query must only implement Interface types, it cannot implement A.
        type Query implements I & I { a: Int } interface I { a: Int }
            Type Query can only implement I once.
        type Query { a: Int } interface I implements I { a: Int }
            Type I cannot implement itself because it would create a circular reference.
        type Query { a: Int } interface I implements J { a: Int } interface J implements I { a: Int }
            Type I cannot implement J because it would create a circular reference. / Type J cannot implement I because it would create a circular reference.
        type Query implements J { a: Int } interface I { a: Int } interface J implements I { a: Int }
            Type Query must implement I because it is implemented by J.
        type Query implements I { b: Int } interface I { a: Int }
            Interface field I.a expected but Query does not provide it.
        type Query implements I { a: Int } interface I { a: Int! }
            Interface field I.a expects type Int! but Query.a is type Int.
        type Query implements I { a: Int } interface I { a(b: Int): Int }
            Interface field argument I.a(b:) expected but Query.a does not provide it.
        type Query implements I { a(b: Int): Int } interface I { a(b: Int!): Int }
            Interface field argument I.a(b:) expects type Int! but Query.a(b:) is type Int.
        type Query implements I { a(b: Int!): Int } interface I { a: Int }
            Object field Query.a includes required argument b that is missing from the Interface field I.a.
        type Query implements I { a: Int @deprecated } interface I { a: Int }
            Interface field I.a is not deprecated, so Query.a must not be deprecated.
        type Query { a: U } union U
            Union type U must define one or more member types.
        type Query { a: U } union U = Query | Query
            Union type U can only include type Query once.
        type Query { a: U } union U = Int
            Union type U can only include Object types, it cannot include Int.
        type Query { a: E } enum E
            Enum type E must define one or more values.
        type Query { a(b: In): Int } input In
            Input Object type In must define one or more fields.
        type Query { a(b: In): Int } input In { a: Int! @deprecated }
            Required input field In.a cannot be deprecated.
        type Query { a(b: In): Int } input In @oneOf { a: Int! }
            OneOf input field In.a must be nullable.
        type Query { a(b: In): Int } input In @oneOf { a: Int = 1 }
            OneOf input field In.a cannot have a default value.
        type Query { a: Int } input A { b: B! } input B { c: C! d: Int } input C { a: A! }
            Cannot reference Input Object "A" within itself through a series of non-null fields: "b.c.a".
        type Query { a: Int } input A @oneOf { b: B } input B @oneOf { a: A }
            Input Object "A" can have no finite value: each of its fields needs one of its own kind. / Input Object "B" can have no finite value: each of its fields needs one of its own kind.
        type Query { a: Int } input A { a: A = {} }
            The default value of "a" needs itself. (1:40)
        type Query { a: Int } input A { b: B = {} } input B { a: [A] = { } }
            The default value of "b" needs itself. (1:40)
        type Query { a(b: Int = "x"): Int }
            The default value of "b" is no Int: "x". (1:25)
        """;

    public static TheoryData<string, string> Broken =>
        [.. BrokenSchemas.Split('\n').Chunk(2).Select(pair => new TheoryDataRow<string, string>(pair[0], pair[1].Trim()))];

    [Fact]
    public void is_written_as_it_was_read()
    {
        GraphSchema schema = SdlReader.Read(Complete).Build();
        Assert.Equal(Complete, SdlWriter.Write(schema));
    }

    [Fact]
    public void gathers_what_extensions_add()
    {
        GraphSchema schema = SdlReader.Read("""
            extend type Query implements I @d { b: Int }
            type Query { a: Int }
            interface I
            extend interface I { b: Int }
            extend union U = Query
            union U
            enum E { A }
            extend enum E { B }
            input In { a: Int }
            extend input In { b: Int = 1 }
            scalar S
            extend scalar S @specifiedBy(url: "u")
            extend schema { mutation: M }
            type M { m: Int }
            directive @d on OBJECT
            """).Build();
        Assert.Equal(
            """
            schema {
              query: Query
              mutation: M
            }

            interface I {
              b: Int
            }

            type M {
              m: Int
            }

            type Query implements I @d {
              a: Int
              b: Int
            }

            union U = Query

            input In {
              a: Int
              b: Int = 1
            }

            enum E {
              A
              B
            }

            directive @d on OBJECT

            scalar S @specifiedBy(url: "u")

            """,
            SdlWriter.Write(schema));
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void that_breaks_a_rule_is_refused(string sdl, string problem) =>
        Assert.Equal(
            problem,
            Assert.Throws<SchemaException>(() => SdlReader.Read(sdl).Build()).Message.Replace("\n", " / ", StringComparison.Ordinal));

    [Fact]
    public void may_be_built_unchecked_for_validation_alone() =>
        Assert.Null(SdlReader.Read("type A { a(b: Int = \"x\"): Int } input B { a: Int }").Build(isChecked: false).Query);

    [Fact]
    public void knows_which_types_a_value_may_have()
    {
        GraphSchema schema = SdlReader.Read(Complete).Build();
        GraphNamedType Type(string name) => schema.Types.Find(name)!;
        Assert.Equal(["A"], schema.PossibleTypes(Type("Base")).Select(type => type.Name));
        Assert.Equal(["A", "M"], schema.PossibleTypes(Type("U")).Select(type => type.Name));
        Assert.True(schema.IsSubType(Type("Base"), Type("Named")));
        Assert.False(schema.IsSubType(Type("Named"), Type("Base")));
        Assert.True(schema.Overlap(Type("U"), Type("Named")));
        Assert.False(schema.Overlap(Type("M"), Type("Named")));
        Assert.True(schema.IsAssignable(Type("A").NonNull.List.NonNull, Type("Base").List));
        Assert.False(schema.IsAssignable(Type("A").List, Type("A").NonNull.List));
        Assert.Same(schema.TypeOf(Parser.ParseType("[A!]!")), Type("A").NonNull.List.NonNull);
        Assert.Null(schema.TypeOf(Parser.ParseType("[No]")));
    }

    [Fact]
    public void puts_the_default_resolvers_where_there_are_none()
    {
        SchemaBuilder builder = SdlReader.Read("type Query { a: Int b: U } union U = Query");
        FieldResolver own = _ => new(1);
        FieldResolver common = _ => new(2);
        ((GraphObject)builder.Types.Find("Query")!).Fields.Find("a")!.Resolve = own;
        builder.DefaultResolver = common;
        builder.DefaultTypeResolver = (_, _) => "Query";
        GraphSchema schema = builder.Build();
        Assert.Same(own, schema.Query!.Fields.Find("a")!.Resolve);
        Assert.Same(common, schema.Query.Fields.Find("b")!.Resolve);
        Assert.NotNull(((GraphUnion)schema.Types.Find("U")!).ResolveType);
    }

    /// <summary>Each of the schemas that the reference implementation tests its rules with is read and written.</summary>
    [Fact]
    public void of_another_engine_is_written_so_that_it_reads_the_same()
    {
        using JsonDocument recorded = Recorded.Read("graphql-js-validation.json");
        foreach (JsonProperty one in recorded.RootElement.GetProperty("schemas").EnumerateObject())
        {
            string written = SdlWriter.Write(SdlReader.Read(one.Value.GetString()!).Build(isChecked: false));
            Assert.Equal(written, SdlWriter.Write(SdlReader.Read(written.Replace("schema\n", "", StringComparison.Ordinal)).Build(isChecked: false)));
        }
    }

    [Fact]
    public void keeps_any_description() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1_000), Prop.ForAll(Language.Documents.Meanings.ToArbitrary(), text =>
        {
            SchemaBuilder builder = SdlReader.Read("type Query { a: Int }");
            var query = (GraphObject)builder.Types.Find("Query")!;
            query.Description = text;
            query.Fields[0].Description = text;
            query.Fields[0].DeprecationReason = text;
            GraphSchema again = SdlReader.Read(SdlWriter.Write(builder.Build())).Build();
            GraphField field = again.Query!.Fields[0];
            Assert.Equal((text, text, text), (again.Query.Description, field.Description, field.DeprecationReason));
        }));
}
