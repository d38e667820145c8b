using Events.Application.ApiKeys;
using Events.Application.Contracts;
using Events.Application.Users;
using Events.Domain.ApiKeys;
using Events.Domain.Kernel;
using Events.Domain.Users;

namespace Events.Application;

/// <summary>
/// Rows of keys and users as the log has them: who asks for an end must not be shown what was before it because a view stands
/// still. Of a view that follows, there is nothing more to read.
/// </summary>
public sealed class NewestRows(IReadModels views, ILog log)
{
    /// <returns>Null when no such key was issued.</returns>
    public async Task<ApiKeyView?> FindAsync(ApiKeyId id, CancellationToken cancellationToken)
    {
        ApiKeyView? row = await views.FindAsync(ApiKeyViewProjection.View, id.ToString(), cancellationToken);
        return await FoldAsync(
            ApiKeyViewProjection.View, row, row?.Version ?? 0, $"{ApiKey.Decider.Category}-{id}", cancellationToken);
    }

    /// <param name="row">As the view has it.</param>
    /// <returns>Null when the user is erased.</returns>
    public Task<UserView?> FindAsync(UserView row, CancellationToken cancellationToken) =>
        FoldAsync(
            UserViewProjection.View,
            row,
            row.Version,
            $"{User.Decider.Category}-{UserViewProjection.KeyOf(row.Id, row.Name)}",
            cancellationToken);

    private async Task<TRow?> FoldAsync<TRow>(
        View<TRow> view, TRow? row, long version, string streamId, CancellationToken cancellationToken)
        where TRow : class
    {
        while (true)
        {
            var page = await log.ReadStreamAsync(streamId, version, ILog.PageCountMax, cancellationToken);
            foreach (StoredFact stored in page)
            {
                version = stored.Version;
                if (stored.Fact is { } fact && view.Handles(fact.GetType()))
                {
                    row = view.Fold.Project(row, fact, stored.Position, stored.Version);
                }
            }

            if (page.Count == 0)
            {
                return row;
            }
        }
    }
}
