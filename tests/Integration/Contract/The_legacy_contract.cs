using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Events.Host.JsonRpc;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Contract;

/// <summary>Every method of the older service, for every role, at the real host, with its result held against its shape.</summary>
public sealed class The_legacy_contract(Stage stage) : IClassFixture<Stage>
{
    private const int Unauthenticated = -32001;
    private const int Forbidden = -32002;

    public static TheoryData<string, string> MethodsAndRoles
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (ContractRow row in ContractTable.Rows)
            {
                foreach (string role in ContractTable.Roles)
                {
                    all.Add(row.Method, role);
                }
            }

            return all;
        }
    }

    /// <summary>A method, its parameter, and a value as JSON that the parameter does not take; empty to leave it out.</summary>
    public static TheoryData<string, string, string> BadParams
    {
        get
        {
            var all = new TheoryData<string, string, string>();
            foreach (MethodRow row in MethodTable.Rows.Where(row => row.Right is not null))
            {
                foreach (ParamRow param in row.Params)
                {
                    foreach (string value in BadValues.Of(param).Concat(param.IsRequired ? ["", "null"] : Array.Empty<string>()))
                    {
                        all.Add(row.Name, param.Name, value);
                    }
                }
            }

            return all;
        }
    }

    public static TheoryData<string> OfOneCamera =>
        [.. MethodTable.Rows.Where(row => row.Params.Any(param => param.Kind is ParamKind.Camera)).Select(row => row.Name)];

    [Fact]
    public void has_34_methods() => Assert.Equal(34, ContractTable.Rows.Select(row => row.Method).Distinct().Count());

    [Fact]
    public void is_documented_as_it_is_tested()
    {
        Assert.Equal(ContractTable.Named.OrderBy(shape => shape.Key), MethodTable.Shapes.OrderBy(shape => shape.Key));
        Assert.Equal(
            ContractTable.Rows.Select(row => $"{row.Method} {row.Role} {row.Shape}").Order(),
            MethodTable.Rows.Select(row => $"{row.Name} {LeastOf(row)} {row.Result}").Order());
    }

    private static string? LeastOf(MethodRow row) =>
        row.Right is { } right ? Policy.LeastOf(right).ToString().ToLowerInvariant() : null;

    [Theory]
    [MemberData(nameof(MethodsAndRoles))]
    public async Task lets_a_role_call_what_it_may_and_answers_in_shape(string method, string role)
    {
        ContractRow row = ContractTable.Of(method);
        await using RpcClient client = await stage.ConnectAsync(role);
        if (Array.IndexOf(ContractTable.Roles, role) >= Array.IndexOf(ContractTable.Roles, row.Role))
        {
            JsonElement result = await client.CallAsync(method, await row.Params(stage));
            Assert.Equal([], ContractTable.FaultsOf(method, result));
            return;
        }

        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => client.CallAsync(method, new { }));
        Assert.Equal(role.Length == 0 ? Unauthenticated : Forbidden, refused.Code);
        if (role.Length == 0)
        {
            Assert.Equal("auth_required", refused.Data.Text("reason"));
        }
        else
        {
            Assert.Contains("Permission", refused.Message, StringComparison.Ordinal);
            Assert.Equal((row.Role, role), (refused.Data.Text("required_role"), refused.Data.Text("have_role")));
        }
    }

    [Theory]
    [MemberData(nameof(BadParams))]
    public async Task refuses_a_parameter_that_is_wrong(string method, string param, string value)
    {
        var given = JsonSerializer.SerializeToNode(await GoodParamsAsync(method))!.AsObject();
        given.Remove(param);
        if (value.Length > 0)
        {
            given[param] = System.Text.Json.Nodes.JsonNode.Parse(value);
        }

        RpcException refused = await RefusedAsync("admin", method, given);
        Assert.Equal((-32602, param), (refused.Code, refused.Data.Text("param")));
        Assert.Contains("Invalid parameters", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refused.Data.Text("rule"));
        Assert.NotEmpty(refused.Data.Text("hint"));
    }

    [Theory]
    [MemberData(nameof(OfOneCamera))]
    public async Task knows_no_other_camera(string method)
    {
        foreach (string device in new[] { ContractTable.Unknown, "camera00", "camera007", "camera99999999999" })
        {
            RpcException refused = await RefusedAsync("admin", method, new { device });

            Assert.Equal(-32010, refused.Code);
            Assert.Contains("not found", refused.Message, StringComparison.Ordinal);
            Assert.Equal(("camera", device), (refused.Data.Text("resource"), refused.Data.Text("id")));
        }
    }

    [Theory]
    [InlineData("get_recording_info", "recording")]
    [InlineData("delete_recording", "recording")]
    [InlineData("get_snapshot_info", "snapshot")]
    [InlineData("delete_snapshot", "snapshot")]
    public async Task knows_no_other_file(string method, string resource)
    {
        RpcException refused = await RefusedAsync("admin", method, new { filename = "absent_2026" });

        Assert.Equal((-32010, resource), (refused.Code, refused.Data.Text("resource")));
    }

    [Theory]
    [InlineData("camera_status_update")]
    [InlineData("recording_status_update")]
    [InlineData("nothing_of_ours")]
    [InlineData("PING")]
    public async Task has_no_method(string name)
    {
        RpcException refused = await RefusedAsync("", name, new { });

        Assert.Equal(-32601, refused.Code);
        Assert.Contains("Method not found", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task passes_over_a_token_in_another_method_s_parameters() =>
        Assert.Equal(
            [],
            ContractTable.FaultsOf(
                "get_camera_list", await stage.Of("viewer").CallAsync("get_camera_list", new { auth_token = "x", other = 1 })));

    [Fact]
    public async Task shows_a_camera_on_this_machine_without_its_device_file()
    {
        JsonElement door = await stage.Admin.CallAsync("get_camera_status", new { device = "camera1" });

        Assert.Equal(("Door", "DISCONNECTED"), (door.Text("name"), door.Text("status")));
        Assert.Equal([], ContractTable.FaultsOf("get_camera_status", door));
        JsonElement capabilities = await stage.Admin.CallAsync("get_camera_capabilities", new { device = "camera1" });
        Assert.Equal("NONE", capabilities.Text("validation_status"));
        Assert.Equal([], ContractTable.FaultsOf("get_camera_capabilities", capabilities));
        Assert.Equal("v4l2", (await stage.Admin.CallAsync("get_streams"))[1].Text("source"));
    }

    [Fact]
    public async Task tells_what_a_connected_camera_sends()
    {
        JsonElement capabilities = await stage.Admin.CallAsync("get_camera_capabilities", new { device = Stage.Device });

        Assert.Equal("CONFIRMED", capabilities.Text("validation_status"));
        Assert.Equal("""["H264"]|["320x180"]|[10]|["10.000"]""", string.Join(
            '|', new[] { "formats", "resolutions", "fps_options", "frame_rates" }.Select(name => capabilities.GetProperty(name))));
    }

    [Fact]
    public async Task says_in_what_state_a_recording_is()
    {
        await stage.NotRecordingAsync();
        RpcException idle = await RefusedAsync("operator", "stop_recording", new { device = Stage.Device });
        Assert.Equal((-32020, "IDLE"), (idle.Code, idle.Data.Text("state")));
        Assert.Equal("RECORDING", idle.Data.GetProperty("allowed_states")[0].GetString());

        await stage.RecordingAsync();
        RpcException twice = await RefusedAsync("operator", "start_recording", new { device = Stage.Device });
        Assert.Equal((-32020, "RECORDING"), (twice.Code, twice.Data.Text("state")));
        string filename = (await stage.Admin.CallAsync("stop_recording", new { device = Stage.Device })).Text("filename");
        Assert.Matches(@"^camera0_[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{2}-[0-9]{2}-[0-9]{2}(_[0-9]+)?\z", filename);
    }

    [Theory]
    [InlineData("fmp4")]
    [InlineData("mp4")]
    public async Task hands_a_recording_out_in_the_format_that_was_asked_for(string format)
    {
        await stage.NotRecordingAsync();
        JsonElement started = await stage.Admin.CallAsync("start_recording", new { device = Stage.Device, format });
        JsonElement stopped = await stage.Admin.CallAsync("stop_recording", new { device = Stage.Device });
        string url = (await stage.Admin.CallAsync("get_recording_info", new { filename = started.Text("filename") })).Text("download_url");

        Assert.Equal((format, format), (started.Text("format"), stopped.Text("format")));
        Assert.StartsWith($"/files/recordings/{started.Text("filename")}.{format}?", url, StringComparison.Ordinal);
        Assert.Equal(stopped.GetProperty("file_size").GetInt64(), (await stage.Host.DownloadAsync(url)).Length);
    }

    [Fact]
    public async Task hands_out_matroska_that_players_read()
    {
        await stage.NotRecordingAsync();
        JsonElement started = await stage.Admin.CallAsync("start_recording", new { device = Stage.Device, format = "mkv" });
        JsonElement stopped = await stage.Admin.CallAsync("stop_recording", new { device = Stage.Device });
        string url = (await stage.Admin.CallAsync("get_recording_info", new { filename = started.Text("filename") })).Text("download_url");

        Assert.Equal(("mkv", "mkv"), (started.Text("format"), stopped.Text("format")));
        Assert.StartsWith($"/files/recordings/{started.Text("filename")}.mkv?", url, StringComparison.Ordinal);
        CancellationToken cancel = TestContext.Current.CancellationToken;
        byte[] whole = await stage.Host.DownloadAsync(url);
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Range = new RangeHeaderValue(1000, 1999) } };
        using HttpResponseMessage part = await stage.Host.Http.SendAsync(request, cancel);
        Assert.Equal((HttpStatusCode.PartialContent, "video/x-matroska"), (part.StatusCode, part.Content.Headers.ContentType?.MediaType));
        Assert.Equal(whole[1000..2000], await part.Content.ReadAsByteArrayAsync(cancel));
        Assert.Equal(whole.Length, part.Content.Headers.ContentRange?.Length);

        string file = Path.Combine(stage.Host.Data, "fetched.mkv");
        await File.WriteAllBytesAsync(file, whole, cancel);
        string read = (await Tool.RunAsync(
            "ffprobe",
            ["-v", "error", "-count_frames", "-show_entries", "format=format_name:stream=nb_read_frames", "-of", "csv=p=0", file])).Ok();
        Assert.Matches("^[1-9][0-9]*\\s+\"?matroska", read);
    }

    [Fact]
    public async Task follows_a_stream_from_its_start_to_its_stop()
    {
        await IgnoringAsync("stop_streaming");
        RpcException none = await RefusedAsync("viewer", "get_stream_status", new { device = Stage.Device });
        Assert.Equal((-32010, "stream"), (none.Code, none.Data.Text("resource")));
        RpcException idle = await RefusedAsync("operator", "stop_streaming", new { device = Stage.Device });
        Assert.Equal((-32020, "INACTIVE"), (idle.Code, idle.Data.Text("state")));

        JsonElement first = await stage.Admin.CallAsync("start_streaming", new { device = Stage.Device });
        JsonElement second = await stage.Admin.CallAsync("start_streaming", new { device = Stage.Device });
        Assert.Equal(first.Text("start_time"), second.Text("start_time"));
        Assert.Equal(("STARTED", "camera0", "300s"), (first.Text("status"), first.Text("stream_name"), first.Text("auto_close_after")));
        Assert.Equal("320,180", (await Tool.ProbeAsync(first.Text("stream_url"), "stream=width,height")).Trim());

        JsonElement status = await stage.Admin.CallAsync("get_stream_status", new { device = Stage.Device });
        Assert.Equal(("ACTIVE", 10), (status.Text("status"), status.GetProperty("metrics").Number("fps")));
        Assert.True(status.GetProperty("metrics").Number("bitrate") > 10_000);
        int process = (int)status.GetProperty("ffmpeg_process").Number("pid");
        string line = await File.ReadAllTextAsync($"/proc/{process}/cmdline", TestContext.Current.CancellationToken);
        Assert.Contains("ffmpeg", line, StringComparison.Ordinal);
        Assert.Equal(1, (await stage.Admin.CallAsync("get_metrics")).GetProperty("stream_metrics").Number("active_streams"));

        Assert.Equal("STOPPED", (await stage.Admin.CallAsync("stop_streaming", new { device = Stage.Device })).Text("status"));
        Assert.Equal(-32010, (await RefusedAsync("viewer", "get_stream_status", new { device = Stage.Device })).Code);
        RpcException lost = await RefusedAsync("operator", "start_streaming", new { device = "camera1" });
        Assert.Equal((-32050, "camera"), (lost.Code, lost.Data.Text("dependency")));
    }

    [Fact]
    public async Task finds_takes_in_and_gives_up_an_external_stream()
    {
        JsonElement found = await stage.Of("operator").CallAsync(
            "discover_external_streams", new { generic_enabled = true, force_rescan = true });
        JsonElement seen = Assert.Single(found.GetProperty("discovered_streams").EnumerateArray());
        Assert.Equal((stage.Rtsp.Url, "generic_rtsp", "DISCOVERED"), (seen.Text("url"), seen.Text("type"), seen.Text("status")));
        Assert.Empty(found.GetProperty("skydio_streams").EnumerateArray());

        await stage.Of("operator").CallAsync("add_external_stream", new { stream_url = seen.Text("url"), stream_name = "Yard" });
        JsonElement yard = await CameraNamedAsync("Yard");
        string device = yard.Text("device");
        await Until.TrueAsync(
            async () => (await CameraNamedAsync("Yard")).Text("status") == "CONNECTED",
            TimeSpan.FromSeconds(30),
            "the external stream to be taken in");
        JsonElement listed = await stage.Of("viewer").CallAsync("get_external_streams");
        Assert.Equal("Yard", listed.GetProperty("generic_streams").EnumerateArray().Single(one => one.Text("url") == stage.Rtsp.Url).Text("name"));
        RpcException other = await RefusedAsync("operator", "add_external_stream", new { stream_url = stage.Rtsp.Url, stream_name = "Other" });
        Assert.Equal(-32020, other.Code);

        await stage.Of("operator").CallAsync("remove_external_stream", new { stream_url = stage.Rtsp.Url });
        Assert.Equal(-32010, (await RefusedAsync("viewer", "get_camera_status", new { device })).Code);
        RpcException gone = await RefusedAsync("operator", "remove_external_stream", new { stream_url = stage.Rtsp.Url });
        Assert.Equal((-32010, "stream"), (gone.Code, gone.Data.Text("resource")));
    }

    [Fact]
    public async Task never_shows_the_password_of_an_external_stream()
    {
        string address = stage.NewAddress().Replace("rtsp://", "rtsp://ada:s3cr3tM4rk@", StringComparison.Ordinal);
        JsonElement added = await stage.Admin.CallAsync("add_external_stream", new { stream_url = address, stream_name = "Secret" });
        Assert.DoesNotContain("s3cr3tM4rk", added.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3tM4rk", (await stage.Admin.CallAsync("get_external_streams")).GetRawText(), StringComparison.Ordinal);
        await stage.Admin.CallAsync("remove_external_stream", new { stream_url = address });
        Assert.DoesNotContain("s3cr3tM4rk", stage.Host.Output, StringComparison.Ordinal);
    }

    /// <summary>Some languages write each number as 60.0, and each option that was not given as null.</summary>
    [Fact]
    public async Task takes_whole_numbers_and_nulls_as_other_languages_write_them()
    {
        await using RpcClient client = await stage.ConnectAsync("viewer");
        JsonElement page = await client.CallAsync("list_recordings", JsonElement.Parse("""{"limit":20.0,"offset":0e0}"""));
        Assert.Equal("20", page.GetProperty("limit").GetRawText());
        Assert.Equal(-32602, (await RefusedAsync("viewer", "list_recordings", JsonElement.Parse("""{"limit":20.5}"""))).Code);
        JsonElement subscribed = await client.CallAsync(
            "subscribe_events", JsonElement.Parse("""{"topics":["snapshot.taken"],"filters":{"device":null,"topic":"snapshot.taken"}}"""));
        Assert.Equal("""{"topic":"snapshot.taken"}""", subscribed.GetProperty("filters").GetRawText());
    }

    [Fact]
    public async Task counts_who_has_asked_for_what()
    {
        await using RpcClient client = await stage.ConnectAsync("viewer");
        await client.CallAsync("subscribe_events", new { topics = new[] { "recording.start", "odd.topic_1" } });
        JsonElement stats = await client.CallAsync("get_subscription_stats");

        Assert.Equal(["odd.topic_1", "recording.start"], stats.GetProperty("client_topics").EnumerateArray().Select(one => one.GetString()).Order());
        Assert.Equal(1, stats.GetProperty("global_stats").GetProperty("topic_counts").Number("odd.topic_1"));
        JsonElement gone = await client.CallAsync("unsubscribe_events", new { topics = new[] { "odd.topic_1" } });
        Assert.Equal("""["odd.topic_1"]""", gone.GetProperty("topics").GetRawText());
        Assert.Equal("""["recording.start"]""", (await client.CallAsync("unsubscribe_events")).GetProperty("topics").GetRawText());
    }

    [Fact]
    public async Task gives_pages_as_they_were_asked_for()
    {
        await stage.SnapshotAsync();
        await stage.SnapshotAsync();
        JsonElement page = await stage.Admin.CallAsync("list_snapshots", new { limit = 1, offset = 1 });
        Assert.Equal((1, 1, 1), ((int)page.Number("limit"), (int)page.Number("offset"), page.GetProperty("files").GetArrayLength()));
        Assert.True(page.Number("total") >= 2);
        JsonElement beyond = await stage.Admin.CallAsync("list_snapshots", new { limit = 1000, offset = 1_000_000 });
        Assert.Empty(beyond.GetProperty("files").EnumerateArray());
    }

    private async Task<object> GoodParamsAsync(string method) =>
        method switch
        {
            // What a good call would need is not looked at before the parameters are right.
            "start_recording" or "stop_recording" or "stop_streaming" => new { device = ContractTable.Unknown },
            "get_recording_info" or "delete_recording" or "get_snapshot_info" or "delete_snapshot" => new { filename = "absent" },
            "remove_external_stream" => new { stream_url = "rtsp://127.0.0.9:9/absent" },
            _ => await ContractTable.Of(method).Params(stage),
        };

    private async Task<RpcException> RefusedAsync(string role, string method, object given) =>
        await Assert.ThrowsAsync<RpcException>(() => stage.Of(role).CallAsync(method, given));

    private async Task IgnoringAsync(string method)
    {
        try
        {
            await stage.Admin.CallAsync(method, new { device = Stage.Device });
        }
        catch (RpcException)
        {
            // It was so already.
        }
    }

    private async Task<JsonElement> CameraNamedAsync(string name) =>
        (await stage.Admin.CallAsync("get_camera_list")).GetProperty("cameras").EnumerateArray().Single(camera => camera.Text("name") == name);
}
