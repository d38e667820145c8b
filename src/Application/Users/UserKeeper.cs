using Events.Application.Contracts;
using Events.Domain.Users;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.Application.Users;

/// <summary>Keeps the ring of users and sessions as the log says, on each node.</summary>
public sealed partial class UserKeeper(
    UserRing ring, Erasure erasure, IReadModels views, IChanges changes, ILog log, TimeProvider time, ILogger<UserKeeper> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? position = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                position ??= await LoadAsync(stoppingToken);
                await foreach (StoredFact stored in changes.FollowAsync(position.Value, stoppingToken))
                {
                    await TakeAsync(stored.Fact, stoppingToken);
                    position = stored.Position;
                    ring.Reach(stored.Position);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                LogRetry(e);
                await Task.Delay(RetryPause, time, stoppingToken);
            }
        }
    }

    private async Task TakeAsync(object? fact, CancellationToken cancellationToken)
    {
        if (fact is UserErased erased)
        {
            // What this node holds in memory of the person goes, too.
            try
            {
                await erasure.FinishAsync(erased, cancellationToken);
            }
            catch (IOException full)
            {
                LogUnfinished(full); // Others must be able to sign in all the same.
            }
        }
        else if (fact is UserEvent of
            && await views.FindAsync(
                UserViewProjection.View, UserViewProjection.KeyOf(of.Id, of.Name), cancellationToken) is { } user)
        {
            ring.Put(user);
        }
        else if (fact is SessionStarted or SessionEnded
            && await views.FindAsync(
                SessionViewProjection.View, ((SessionEvent)fact).SessionId.ToString(), cancellationToken) is { } session)
        {
            ring.Put(session);
        }
    }

    private async Task<long> LoadAsync(CancellationToken cancellationToken)
    {
        long head = await log.HeadAsync(cancellationToken);
        while (!await views.WaitForAsync(head, CommandBus.VisibilityTimeout, cancellationToken))
        {
            // A view that is built anew takes its time; until then nobody is in.
            await Task.Delay(RetryPause, time, cancellationToken);
        }

        await EachAsync(UserViewProjection.View, [], ring.Put, cancellationToken);
        ViewFilter[] open =
        [
            new("is_open", ViewOperator.Equal, true), new("expires_at", ViewOperator.Above, time.GetUtcNow()),
        ];
        await EachAsync(SessionViewProjection.View, open, ring.Put, cancellationToken);
        ring.Reach(head);
        return head;
    }

    private async Task EachAsync<TRow>(
        View<TRow> view, ViewFilter[] filters, Action<TRow> take, CancellationToken cancellationToken)
        where TRow : class
    {
        for (int offset = 0; ; offset += ViewQuery.LimitMax)
        {
            Page<TRow> page = await views.ListAsync(view, new ViewQuery(filters, Offset: offset), cancellationToken);
            foreach (TRow row in page.Rows)
            {
                take(row);
            }

            if (page.Rows.Count < ViewQuery.LimitMax)
            {
                return;
            }
        }
    }

    [LoggerMessage(EventId = 2902, Level = LogLevel.Error, Message = "Users: an erasure is finished at the next start")]
    private partial void LogUnfinished(Exception exception);

    [LoggerMessage(EventId = 2901, Level = LogLevel.Warning, Message = "Users: following the log again in a second")]
    private partial void LogRetry(Exception exception);
}
