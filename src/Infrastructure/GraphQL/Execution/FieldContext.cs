using System.Security.Claims;
using Events.GraphQL.DataLoaders;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>
/// The place of one field of one object while it is executed. A leaf whose resolver answered at once gives it back for the next
/// field, so a resolver must not keep it beyond its own task.
/// </summary>
internal sealed class FieldContext(Run run) : ResolverContext
{
    private object? _parent;
    private InputValues _arguments = InputValues.None;

    internal ObjectNode Node { get; private set; } = null!;

    internal int Index { get; private set; }

    internal PlannedField Planned => Node.Fields[Index];

    internal override GraphSchema Schema => run.Schema;

    internal override GraphObject ParentType => Planned.ParentType;

    internal override GraphField Field => Planned.Definition;

    internal override FieldNode Syntax => Planned.Nodes[0];

    internal override object? Parent => _parent;

    internal override InputValues Arguments => _arguments;

    internal override IServiceProvider Services => run.Call.Services;

    internal override ClaimsPrincipal? User => run.Call.User;

    internal override CancellationToken CancellationToken => run.Token;

    internal override IReadOnlyList<object> Path => Node.PathTo(Index);

    internal override DataLoaderRegistry Loaders => run.Loaders;

    internal override bool IsSelected(string fieldName) =>
        Schema.PossibleTypes(Field.Type.Named).Any(type =>
            Array.Exists(Planned.SelectionsOn(type).Fields, one => one.Definition.Name == fieldName));

    internal override void ReportError(GraphQLError error) => run.Report(error, Node, Index, Planned);

    internal void Set(ObjectNode node, int index, object? parent, InputValues arguments)
    {
        Node = node;
        Index = index;
        _parent = parent;
        _arguments = arguments;
    }
}
