using Events.Host.JsonRpc;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Contract;

public sealed class The_JSON_RPC_page
{
    [Fact]
    public void is_as_the_method_table_is()
    {
        string page = Path.Combine(Repository.Root, "docs", "api", "json-rpc.md");
        if (Environment.GetEnvironmentVariable("EVENTS_WRITE_DOCS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(page)!);
            File.WriteAllText(page, MethodPage.Render());
        }

        Assert.Equal(MethodPage.Render(), File.ReadAllText(page));
    }
}
