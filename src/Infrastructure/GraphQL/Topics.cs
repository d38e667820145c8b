using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Events.GraphQL;

/// <summary>Sends messages to the subscribers of a topic, within this process.</summary>
public interface ITopicEventSender
{
    /// <summary>Never waits. A subscriber that is too slow is ended with an error that says so.</summary>
    ValueTask SendAsync<TMessage>(string topicName, TMessage message, CancellationToken cancellationToken);

    /// <summary>Ends every subscription to the topic.</summary>
    ValueTask CompleteAsync(string topicName);
}

/// <summary>Takes messages of a topic, within this process.</summary>
public interface ITopicEventReceiver
{
    /// <summary>What is sent from this call on.</summary>
    IAsyncEnumerable<TMessage> SubscribeAsync<TMessage>(string topicName, CancellationToken cancellationToken);
}

/// <summary>Topics in memory. For what must survive a restart or reach other nodes, open the stream from a log instead.</summary>
internal sealed class Topics : ITopicEventSender, ITopicEventReceiver
{
    /// <summary>
    /// Messages that wait for one subscriber. Beyond, it is too slow: one that gets ten a second is a minute behind.
    /// </summary>
    private const int WaitingMax = 600;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<Channel<object?>>> _subscribers = new(StringComparer.Ordinal);

    public ValueTask SendAsync<TMessage>(string topicName, TMessage message, CancellationToken cancellationToken)
    {
        foreach (Channel<object?> channel in SubscribersOf(topicName))
        {
            if (!channel.Writer.TryWrite(message))
            {
                channel.Writer.TryComplete(new GraphQLException(new GraphQLError("The subscriber is too slow.")
                {
                    Extensions = new Dictionary<string, object?> { ["code"] = "SLOW_CONSUMER" },
                }));
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask CompleteAsync(string topicName)
    {
        foreach (Channel<object?> channel in SubscribersOf(topicName))
        {
            channel.Writer.TryComplete();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Not an iterator: whatever is sent after this call is received, whenever the enumeration begins.</summary>
    public IAsyncEnumerable<TMessage> SubscribeAsync<TMessage>(string topicName, CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<object?>(new BoundedChannelOptions(WaitingMax) { SingleReader = true });
        lock (_lock)
        {
            if (!_subscribers.TryGetValue(topicName, out List<Channel<object?>>? channels))
            {
                channels = _subscribers[topicName] = [];
            }

            channels.Add(channel);
        }

        return ReadAsync<TMessage>(topicName, channel, cancellationToken);
    }

    private async IAsyncEnumerable<TMessage> ReadAsync<TMessage>(
        string topicName, Channel<object?> channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (object? message in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return (TMessage)message!;
            }
        }
        finally
        {
            Forget(topicName, channel);
        }
    }

    private void Forget(string topicName, Channel<object?> channel)
    {
        lock (_lock)
        {
            if (_subscribers.TryGetValue(topicName, out List<Channel<object?>>? channels)
                && channels.Remove(channel) && channels.Count == 0)
            {
                _subscribers.Remove(topicName);
            }
        }
    }

    private List<Channel<object?>> SubscribersOf(string topicName)
    {
        lock (_lock)
        {
            return _subscribers.TryGetValue(topicName, out List<Channel<object?>>? channels) ? [.. channels] : [];
        }
    }
}
