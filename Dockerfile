# docker build -t vitrine . && docker run -p 8080:8080 -p 1935:1935 -v vitrine:/data vitrine

FROM node:20-bookworm-slim AS web
WORKDIR /src/overlay/web
COPY overlay/web/package.json overlay/web/package-lock.json overlay/web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY overlay/web ./
RUN npm run build

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY cmd cmd
COPY edge edge
COPY ingest ingest
COPY internal internal
COPY overlay overlay
COPY packager packager
COPY transcode transcode
COPY --from=web /src/overlay/web/dist overlay/web/dist
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /vitrine ./cmd/vitrine

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates ffmpeg \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin vitrine \
    && install -d -o vitrine -g vitrine /data
COPY --from=build /vitrine /usr/local/bin/vitrine
USER vitrine
ENV VITRINE_DATA=/data VITRINE_HTTP=:8080 VITRINE_RTMP=:1935
EXPOSE 8080 1935
VOLUME /data
WORKDIR /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["vitrine", "health", "--url", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["vitrine"]
CMD ["serve"]
