using System.Reflection;
using Events.GraphQL.Types;
using Microsoft.Extensions.DependencyInjection;

namespace Events.GraphQL.Binding;

/// <summary>Makes a schema of the registered C# types. Mistakes in them are found here, at start, and named.</summary>
internal sealed class SchemaBinder
{
    private readonly GraphQLTypes _registered;
    private readonly TypeRegistry _registry = new();
    private readonly FieldBinder _fields;
    private readonly NodeTypes _nodes;
    private readonly OutputTypes _outputs;

    internal SchemaBinder(GraphQLTypes registered, IServiceProviderIsService? services)
    {
        _registered = registered;
        var loaders = new LoaderMethods();
        foreach (Type type in registered.Types)
        {
            loaders.Add(type);
        }

        var parameters = new Parameters(new InputTypes(_registry), loaders, services);
        _fields = new FieldBinder(_registry, parameters, new Authorization(registered.IsAllowed));
        _nodes = new NodeTypes(registered.Types);
        _outputs = new OutputTypes(_registry, registered.Types, _fields, _nodes);
    }

    /// <exception cref="SchemaException">A type cannot be one of the schema.</exception>
    internal GraphSchema Bind()
    {
        SchemaBuilder builder = _registry.Builder;
        GraphObject? query = Root<QueryTypeAttribute>("Query", _outputs.AddResolvers);
        if (query is not null)
        {
            _nodes.AddFields(query, _registry, _outputs, _fields);
        }

        var mutations = new Mutations(_registry, _outputs, _fields);
        GraphObject? mutation = Root<MutationTypeAttribute>("Mutation", (made, type, owner) =>
        {
            if (_registered.HasMutationConventions)
            {
                AddMethods(made, type, mutations.Make);
            }
            else
            {
                _outputs.AddResolvers(made, type, owner);
            }
        });
        var subscriptions = new SubscriptionFields(_fields, _outputs);
        GraphObject? subscription = Root<SubscriptionTypeAttribute>(
            "Subscription", (made, type, _) => AddMethods(made, type, subscriptions.Make));
        foreach (Type type in _registered.Types.Where(IsOwnType))
        {
            _outputs.NameOf(type);
        }

        _registry.Finish();
        builder.Roots = new SchemaRoots(query?.Name, mutation?.Name, subscription?.Name);
        return builder.Build();
    }

    private GraphObject? Root<TAttribute>(string name, Action<GraphObject, Type, Type?> fill)
        where TAttribute : Attribute
    {
        Type[] types = [.. _registered.Types.Where(one => one.IsDefined(typeof(TAttribute)))];
        if (types.Length == 0)
        {
            return null;
        }

        var made = new GraphObject(name);
        _registry.Add(made);
        foreach (Type type in types)
        {
            fill(made, type, null);
        }

        return made;
    }

    private void AddMethods(GraphObject made, Type type, Func<MethodInfo, Func<ResolverContext, object?>, GraphField> make)
    {
        Func<ResolverContext, object?> target = FieldBinder.TargetOf(type);
        foreach (MethodInfo method in Members.MethodsOf(type, isResolver: true).Where(one => !IsSource(type, one)))
        {
            GraphField field = make(method, target);
            _fields.Authorization.Guard(field, method, type);
            made.Fields.Add(field);
        }
    }

    /// <summary>Whether a method only opens the stream for another one.</summary>
    private static bool IsSource(Type type, MethodInfo method) =>
        type.GetMethods().Any(one => one.GetCustomAttribute<SubscribeAttribute>()?.With == method.Name);

    private static bool IsOwnType(Type type) =>
        type.IsDefined(typeof(ObjectTypeAttribute)) || type.IsDefined(typeof(InterfaceTypeAttribute))
        || type.IsDefined(typeof(UnionTypeAttribute));
}
