using System.Reflection;
using System.Text;
using Events.GraphQL.Execution;
using Events.GraphQL.Types;
using Microsoft.Extensions.DependencyInjection;

namespace Events.GraphQL.Binding;

/// <summary>
/// Fields of the subscription type: where their source stream comes from, and what becomes of each of its items.
/// </summary>
internal sealed class SubscriptionFields(FieldBinder fields, OutputTypes outputs)
{
    private static readonly MethodInfo ReceiveMethod =
        typeof(SubscriptionFields).GetMethod(nameof(Receive), BindingFlags.NonPublic | BindingFlags.Static)!;

    internal GraphField Make(MethodInfo method, Func<ResolverContext, object?> target)
    {
        var subscribe = method.GetCustomAttribute<SubscribeAttribute>() ?? throw new SchemaException(new GraphQLError(
            $"{method.DeclaringType}.{method.Name} is in a [SubscriptionType] but has no [Subscribe]."));
        GraphField field = fields.OfMethod(method, target, outputs);
        field.Subscribe = subscribe.With is { } with ? FromMethod(method, with, target, field) : FromTopic(method, field);
        return field;
    }

    private SourceResolver FromMethod(MethodInfo method, string with, Func<ResolverContext, object?> target, GraphField field)
    {
        MethodInfo source = method.DeclaringType!.GetMethod(
            with, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance)
            ?? throw new SchemaException(new GraphQLError($"{method.DeclaringType} has no method {with}."));
        FieldResolver open = Invocation.Call(source, target, fields.Parameters.Bind(source, field));
        return async context => AsyncItems.Of((await open(context))!) ?? throw new SchemaException(new GraphQLError(
            $"{method.DeclaringType}.{with} gives no IAsyncEnumerable."));
    }

    private static SourceResolver FromTopic(MethodInfo method, GraphField field)
    {
        ParameterInfo message = method.GetParameters().FirstOrDefault(one => one.IsDefined(typeof(EventMessageAttribute)))
            ?? throw new SchemaException(new GraphQLError(
                $"{method.DeclaringType}.{method.Name} needs a parameter with [EventMessage], or [Subscribe(With = ...)]."));
        var receive = ReceiveMethod.MakeGenericMethod(message.ParameterType)
            .CreateDelegate<Func<ITopicEventReceiver, string, CancellationToken, IAsyncEnumerable<object?>>>();
        string topic = method.GetCustomAttribute<TopicAttribute>()?.Topic ?? method.Name;
        return context => new(receive(
            context.Services.GetRequiredService<ITopicEventReceiver>(),
            Filled(topic, field, context),
            context.CancellationToken));
    }

    /// <summary>Puts arguments into their places in a topic.</summary>
    private static string Filled(string topic, GraphField field, ResolverContext context)
    {
        var text = new StringBuilder(topic);
        foreach (GraphInputValue argument in field.Arguments)
        {
            text.Replace($"{{{argument.Name}}}", context.Arguments[argument.Name]?.ToString());
        }

        return text.ToString();
    }

    private static IAsyncEnumerable<object?> Receive<T>(
        ITopicEventReceiver receiver, string topic, CancellationToken cancellationToken) =>
        AsyncItems.Of(receiver.SubscribeAsync<T>(topic, cancellationToken))!;
}
