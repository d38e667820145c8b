using System.Text;
using Events.GraphQL.Language;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Language;

public sealed class A_printer
{
    [Fact]
    public void writes_an_executable_document_as_people_would()
    {
        const string Text = """"
            """
            what it does
            """
            query Q($id: ID! = "a", $l: [[Int!]]! = [[1]] @d) @on(x: $id) {
              alias: field(a: 1, b: -1.5e10, c: "t\"\\\n", d: {x: [null, RED], y: {}}) @skip(if: false) {
                ...F @d
                ... on T {
                  a
                }
                ... @include(if: true) {
                  b
                }
              }
            }

            query (
              "which one"
              $id: ID
            ) {
              a
            }

            fragment F on T {
              a
            }

            """";
        Assert.Equal(Text, Printer.Print(Parser.Parse(Text)));
    }

    [Fact]
    public void writes_a_type_system_document_as_people_would()
    {
        const string Text = """"
            """
            All of it
              and more
            """
            schema @d {
              query: Q
              mutation: M
            }

            extend schema @e

            scalar S @specifiedBy(url: "u")

            type T implements A & B @d {
              "f"
              f(a: Int = 1, b: [B!]!): T @d
              g(
                """
                x

                  y
                """
                a: Int
              ): S!
            }

            extend interface I {
              a: B
            }

            union U = A | B

            extend enum E {
              "a"
              A
              B @deprecated
            }

            input N @oneOf {
              a: Int
            }

            directive @d(a: Int = 1) repeatable on FIELD | FRAGMENT_SPREAD

            type Empty

            """";
        Assert.Equal(Text, Printer.Print(Parser.Parse(Text)));
    }

    [Fact]
    public void writes_what_reads_the_same_again() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Documents.Valid.ToArbitrary(), text =>
        {
            DocumentNode document = Parser.Parse(text);
            string printed = Printer.Print(document);
            DocumentNode again = Parser.Parse(printed);
            Assert.Equal(printed, Printer.Print(again));
            Assert.Equal(Outline.Of(document), Outline.Of(again));
        }));

    [Fact]
    public void writes_any_string_so_that_it_means_the_same() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Documents.Meanings.ToArbitrary(), text =>
        {
            foreach (bool isBlock in new[] { true, false })
            {
                string printed = Printer.Print(new StringValueNode(Location.None, text, isBlock));
                Assert.Equal(text, Assert.IsType<StringValueNode>(Parser.ParseValue(printed)).Value);
            }
        }));

    [Fact]
    public void and_a_parser_meet_any_text_without_a_fault() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(6_000),
            Prop.ForAll(Gen.OneOf(Documents.Mutated, Documents.Soup, Documents.Noise).ToArbitrary(), text =>
            {
                try
                {
                    string printed = Printer.Print(Parser.Parse(text));
                    Assert.Equal(printed, Printer.Print(Parser.Parse(printed)));
                }
                catch (SyntaxException error)
                {
                    Assert.InRange(error.Location.Start, 0, text.Length);
                }
            }));

    /// <summary>All that a document says, independent of the printer.</summary>
    private sealed class Outline : SyntaxWalker
    {
        private readonly StringBuilder _text = new();

        internal static string Of(DocumentNode document)
        {
            var outline = new Outline();
            outline.Walk(document);
            return outline._text.ToString();
        }

        protected override bool Enter(SyntaxNode node)
        {
            _text.Append('(').Append(node.GetType().Name).Append(node switch
            {
                FieldNode field => $"{field.Alias}:{field.Name}",
                FragmentSpreadNode spread => spread.Name.Value,
                OperationDefinitionNode operation => $"{operation.Operation} {operation.Name}",
                FragmentDefinitionNode fragment => fragment.Name.Value,
                VariableNode variable => variable.Name.Value,
                ArgumentNode argument => argument.Name.Value,
                DirectiveNode directive => directive.Name.Value,
                ObjectFieldNode field => field.Name.Value,
                IntValueNode number => number.Text,
                FloatValueNode number => number.Text,
                StringValueNode text => text.Value,
                BooleanValueNode boolean => boolean.Value.ToString(),
                EnumValueNode value => value.Value,
                NamedTypeNode type => type.Name.Value,
                TypeDefinitionNode type => type.Name.Value,
                FieldDefinitionNode field => field.Name.Value,
                InputValueDefinitionNode input => input.Name.Value,
                _ => string.Empty,
            });
            return true;
        }

        protected override void Leave(SyntaxNode node) => _text.Append(')');
    }
}
