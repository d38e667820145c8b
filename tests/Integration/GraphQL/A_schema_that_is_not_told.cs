using System.Net;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.GraphQL;

/// <summary>Introspection can be switched off, and with it everything else that tells names of the schema.</summary>
public sealed class A_schema_that_is_not_told
{
    [Fact]
    public async Task is_found_by_no_introspection_no_address_and_no_hint()
    {
        await using RunningHost host = await RunningHost.StartAsync(new() { ["EVENTS__GraphQL__Introspection"] = "false" });
        var admin = new GraphQLClient(host, await host.TokenAsync("admin"));

        JsonElement asked = await admin.AnswerAsync("{ __schema { types { name } } }");
        JsonElement guessed = await admin.AnswerAsync("{ camerras { totalCount } }");
        using HttpResponseMessage text = await host.Http.GetAsync(
            new Uri("/graphql/schema.graphql", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.True(asked.TryGetProperty("errors", out JsonElement refused) && refused.GetArrayLength() > 0);
        Assert.DoesNotContain("CameraNode", asked.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("cameras", guessed.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, text.StatusCode);

        // What is known can be asked for as ever.
        Assert.Equal(0, (await admin.AskAsync("{ cameras { totalCount __typename } }")).GetProperty("cameras").Number("totalCount"));
    }
}
