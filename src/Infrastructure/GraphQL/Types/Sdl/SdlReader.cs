using Events.GraphQL.Language;
using Events.GraphQL.Validation;

namespace Events.GraphQL.Types.Sdl;

/// <summary>
/// Makes a schema from SDL text: definitions and their extensions, in any order. Resolvers are the caller's to add, to the
/// builder before it builds.
/// </summary>
internal static class SdlReader
{
    /// <exception cref="SyntaxException">The text is no document.</exception>
    /// <exception cref="SchemaException">Something is defined twice, or extended but not defined.</exception>
    internal static SchemaBuilder Read(string sdl) => Read(Parser.Parse(sdl, ParserOptions.Trusted));

    /// <summary>
    /// As above, and holds the text against the rules for documents of types first, so that each mistake is named.
    /// </summary>
    /// <exception cref="SchemaException">With everything that those rules found.</exception>
    internal static SchemaBuilder ReadChecked(string sdl)
    {
        DocumentNode document = Parser.Parse(sdl, ParserOptions.Trusted);
        IReadOnlyList<GraphQLError> errors = Validator.ValidateSdl(null, document);
        return errors.Count > 0 ? throw new SchemaException(errors) : Read(document);
    }

    internal static SchemaBuilder Read(DocumentNode document)
    {
        var builder = new SchemaBuilder();
        foreach (DefinitionNode definition in document.Definitions)
        {
            Define(builder, definition);
        }

        foreach (var extension in document.Definitions.OfType<TypeDefinitionNode>().Where(node => node.IsExtension))
        {
            Extend(builder, extension);
        }

        ReadRoots(builder, [.. document.Definitions.OfType<SchemaDefinitionNode>()]);
        return builder;
    }

    private static void Define(SchemaBuilder builder, DefinitionNode definition)
    {
        switch (definition)
        {
            case TypeDefinitionNode { IsExtension: false } type when !BuiltIns.IsScalar(type.Name.Value):
                if (builder.Types.Has(type.Name.Value))
                {
                    throw Error($"There can be only one type named \"{type.Name}\".", type.Name.Location);
                }

                builder.Types.Add(SdlMembers.Type(type));
                break;
            case DirectiveDefinitionNode directive:
                if (builder.Directives.Has(directive.Name.Value))
                {
                    throw Error($"There can be only one directive named \"@{directive.Name}\".", directive.Name.Location);
                }

                builder.Directives.Add(SdlMembers.Directive(directive));
                break;
            case ExecutableDefinitionNode executable:
                throw Error("A schema holds definitions of types only.", executable.Location);
        }
    }

    private static void Extend(SchemaBuilder builder, TypeDefinitionNode extension)
    {
        if (!builder.Types.TryGet(extension.Name.Value, out GraphNamedType? type))
        {
            throw Error($"Cannot extend type \"{extension.Name}\" because it is not defined.", extension.Name.Location);
        }

        bool isSameKind = (type, extension) switch
        {
            (GraphScalar, ScalarDefinitionNode) or (GraphUnion, UnionDefinitionNode) or (GraphEnum, EnumDefinitionNode)
                or (GraphInput, InputObjectDefinitionNode) => true,
            (GraphFieldsType, FieldsDefinitionNode fields) => fields.IsInterface == type is GraphInterface,
            _ => false,
        };
        if (!isSameKind)
        {
            throw Error($"Cannot extend type \"{extension.Name}\": it is of another kind.", extension.Location);
        }

        SdlMembers.Extend(type, extension);
    }

    /// <summary>Without a schema definition the roots are the types named Query, Mutation and Subscription.</summary>
    private static void ReadRoots(SchemaBuilder builder, IReadOnlyList<SchemaDefinitionNode> nodes)
    {
        List<SchemaDefinitionNode> definitions = [.. nodes.Where(node => !node.IsExtension)];
        if (definitions.Count > 1)
        {
            throw Error("Must provide only one schema definition.", definitions[1].Location);
        }

        if (definitions.Count == 0)
        {
            builder.Roots = SchemaRoots.Conventional(builder.Types);
        }

        builder.Description = definitions.FirstOrDefault()?.Description?.Value;
        foreach (SchemaDefinitionNode node in nodes)
        {
            foreach (DirectiveNode directive in SdlMembers.Others(node.Directives))
            {
                builder.SchemaDirectives.Add(directive);
            }

            foreach (RootTypeNode root in node.Roots)
            {
                builder.Roots = builder.Roots.With(root.Operation, root.Type.Name.Value, isReplacing: definitions.Count == 0)
                    ?? throw Error(
                        $"There can be only one {SchemaRoots.NameOf(root.Operation)} type in schema.", root.Location);
            }
        }
    }

    private static SchemaException Error(string message, Location location) => new(GraphQLError.At(message, location));
}
