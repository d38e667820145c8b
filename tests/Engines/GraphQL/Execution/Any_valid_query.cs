using System.Globalization;
using System.Text;
using System.Text.Json;
using Events.GraphQL;
using Events.GraphQL.Execution;
using Events.GraphQL.Language;
using Events.GraphQL.Types;
using Events.GraphQL.Types.Sdl;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Execution;

/// <summary>
/// Schemas and queries for them made by chance. The data has the shape of the query: each selected name once and in order, null
/// only where it may be, lists and leaves where the types say so; an error for each null that a failure left.
/// </summary>
public sealed class Any_valid_query
{
    private const int TypesMax = 4;

    [Fact]
    public void has_data_of_its_shape() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), Holds).Check(Config.QuickThrowOnFailure.WithMaxTest(400));

    private static bool Holds(int seed)
    {
        var chance = new Random(seed);
        string sdl = SchemaBy(chance);
        GraphSchema schema = SdlReader.Read(sdl).Build();
        string query = QueryBy(chance, schema, schema.Query!, 0);
        var engine = new TestEngine(
            sdl,
            options: new ExecutorOptions { DepthMax = 50, FieldsMax = 100_000, AliasesMax = 100_000, RootFieldsMax = 1_000, CostMax = 1e9 },
            more: builder =>
            {
                var values = new Random(seed);
                builder.DefaultResolver = context => ValueBy(values, context);
                builder.DefaultTypeResolver = (value, _) => value as string;
            });
        string answer = engine.AskAsync(query).GetAwaiter().GetResult();
        using JsonDocument json = JsonDocument.Parse(answer);
        Assert.True(json.RootElement.TryGetProperty("data", out JsonElement data), $"{sdl}\n{query}\n{answer}");
        var failed = new HashSet<string>(json.RootElement.TryGetProperty("errors", out JsonElement errors)
            ? errors.EnumerateArray().Select(error => error.GetProperty("path").GetRawText())
            : []);
        bool isRight = data.ValueKind == JsonValueKind.Null ? failed.Count > 0 : IsObject(schema, query, data);
        Assert.True(isRight, $"{sdl}\n{query}\n{answer}");
        return true;
    }

    private static bool IsObject(GraphSchema schema, string query, JsonElement data)
    {
        var operation = (OperationDefinitionNode)Parser.Parse(query).Definitions[0];
        return Fits(schema, schema.Query!, operation.SelectionSet, data);
    }

    /// <summary>Queries here have no fragments but inline ones with a type, and each response name once for a type.</summary>
    private static bool Fits(
        GraphSchema schema, GraphObject type, SelectionSetNode selections, JsonElement data)
    {
        var expected = new List<(string Name, GraphType Type, FieldNode Node)>();
        foreach (SelectionNode selection in selections.Selections)
        {
            if (selection is FieldNode field)
            {
                expected.Add((field.ResponseName, schema.Field(type, field.Name.Value)!.Type, field));
            }
            else if (selection is InlineFragmentNode inline && inline.TypeCondition!.Name.Value == type.Name)
            {
                expected.AddRange(inline.SelectionSet.Selections.Cast<FieldNode>()
                    .Select(one => (one.ResponseName, schema.Field(type, one.Name.Value)!.Type, one)));
            }
        }

        return data.ValueKind == JsonValueKind.Object
            && data.EnumerateObject().Select(one => one.Name).SequenceEqual(expected.Select(one => one.Name))
            && data.EnumerateObject().Zip(expected).All(pair => FitsType(schema, pair.Second.Type, pair.Second.Node, pair.First.Value));
    }

    private static bool FitsType(GraphSchema schema, GraphType type, FieldNode node, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return type.Kind != TypeKind.NonNull;
        }

        return type.Nullable switch
        {
            GraphList list => value.ValueKind == JsonValueKind.Array
                && value.EnumerateArray().All(item => FitsType(schema, list.Of, node, item)),
            GraphObject of => Fits(schema, of, node.SelectionSet!, value),
            GraphNamedType { IsAbstract: true } => schema.PossibleTypes(type.Named)
                .Any(of => value.GetProperty("__typename").GetString() == of.Name && Fits(schema, of, node.SelectionSet!, value)),
            _ => value.ValueKind == (type.Named.Name == "String" ? JsonValueKind.String : JsonValueKind.Number),
        };
    }

    private static string SchemaBy(Random chance)
    {
        int types = 1 + chance.Next(TypesMax);
        var sdl = new StringBuilder("type Query { ");
        Fields(0);
        sdl.Append("} union Any = ").AppendJoin(" | ", Enumerable.Range(1, types).Select(i => $"T{i}")).Append(' ');
        for (int i = 1; i <= types; i++)
        {
            sdl.Append(CultureInfo.InvariantCulture, $"type T{i} {{ ");
            Fields(i);
            sdl.Append("} ");
        }

        return sdl.ToString();

        void Fields(int of)
        {
            for (int i = 0; i < 2 + chance.Next(4); i++)
            {
                string named = chance.Next(4) switch
                {
                    0 => "Int",
                    1 => "String",
                    2 => "Any",
                    _ => $"T{1 + chance.Next(types)}",
                };
                sdl.Append(CultureInfo.InvariantCulture, $"f{of}{i}: {Wrapped(named)} ");
            }
        }

        string Wrapped(string named)
        {
            string type = chance.Next(3) == 0 ? $"{named}!" : named;
            return chance.Next(3) == 0 ? $"[{type}]{(chance.Next(3) == 0 ? "!" : string.Empty)}" : type;
        }
    }

    private static string QueryBy(Random chance, GraphSchema schema, GraphNamedType type, int depth)
    {
        var selected = new List<string> { "__typename" };
        if (type is GraphObject of)
        {
            foreach (GraphField field in of.Fields.Where(_ => chance.Next(3) > 0))
            {
                GraphNamedType named = field.Type.Named;
                if (named.IsComposite && depth >= 4)
                {
                    continue;
                }

                string alias = chance.Next(4) == 0 ? $"x{field.Name}: " : string.Empty;
                selected.Add($"{alias}{field.Name}{(named.IsComposite ? " " + QueryBy(chance, schema, named, depth + 1) : string.Empty)}");
            }
        }
        else
        {
            selected.AddRange(schema.PossibleTypes(type).Where(_ => chance.Next(2) == 0)
                .Select(one => $"... on {one.Name} {{ of{one.Name}: __typename }}"));
        }

        return $"{{ {string.Join(' ', selected)} }}";
    }

    private static async ValueTask<object?> ValueBy(Random values, ResolverContext context)
    {
        int luck;
        object? value;
        lock (values)
        {
            luck = values.Next(30);
            value = Value(context.Field.Type);
        }

        if (luck < 10)
        {
            await Task.Yield();
        }

        return luck is 3 or 20 ? throw new GraphQLException("bad luck") : value;

        object? Value(GraphType type) =>
            type.Kind != TypeKind.NonNull && values.Next(8) == 0 ? null : type.Nullable switch
            {
                GraphList list => Enumerable.Range(0, values.Next(4)).Select(_ => Value(list.Of)).ToArray(),
                GraphObject => new object(),
                GraphUnion union => union.Members[values.Next(union.Members.Length)].Name,
                _ => type.Named.Name == "Int" ? values.Next() : "text",
            };
    }
}
